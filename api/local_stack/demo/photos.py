"""The photos of the demo: two drawn ones, or a person's own."""

import json
from pathlib import Path
from typing import Any, Final

from api.local_stack.demo.journey import Shot
from api.local_stack.paths import ROOT

EXAMPLES: Final = ROOT / "frontend-contract" / "examples" / "photos"
SITES: Final = ("CROWN", "LEFT", "RIGHT", "BACK")


class NoPhoto(Exception):
    """The photo cannot be taken; one clear line."""


def example_photos() -> list[dict[str, Any]]:
    """``file``, ``site`` and the ``grades`` it was drawn with, of every example photo."""
    found: list[dict[str, Any]] = json.loads((EXAMPLES / "photos.json").read_text())
    return found


def demo_shots() -> list[Shot]:
    """The first two examples, of different sites and with different grades."""
    return [Shot(EXAMPLES / one["file"], one["site"]) for one in example_photos()[:2]]


def own_shot(photo: str, site: str) -> Shot:
    """A person's own photo. Raises :class:`NoPhoto`."""
    path = Path(photo).expanduser()
    if not path.is_file():
        raise NoPhoto(f"There is no photo at {photo}; say PHOTO=/path/to/photo.jpg")
    if site not in SITES:
        raise NoPhoto(f"SITE must be one of {', '.join(SITES)}, not {site}")
    return Shot(path, site)
