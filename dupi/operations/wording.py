"""What operators read of Triton's own words: without paths and addresses, and not too long."""

import re
from typing import Final

_LONGEST: Final = 300
_PLACE: Final = re.compile(r"(?:[\w.\-]*/)+[\w.\-]+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?")


def without_places(text: str) -> str:
    """``text`` on one line, with an ellipsis for every path and address."""
    shown = _PLACE.sub("…", " ".join(text.split()))
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
