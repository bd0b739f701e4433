"""Where the files of photos and analyses lie in the photo storage."""


def person_files(owner_id: str) -> tuple[str, ...]:
    """Storage prefixes of all that is kept of one person."""
    return f"photos/{owner_id}", f"analyses/{owner_id}"


def photo_files(owner_id: str, photo_id: str) -> str:
    """Storage prefix of a photo's files."""
    return f"photos/{owner_id}/{photo_id}"


def analysis_files(owner_id: str, analysis_id: str) -> str:
    """Storage prefix of everything derived for an analysis."""
    return f"analyses/{owner_id}/{analysis_id}"
