"""What operators read of Triton's own words: without paths and addresses, and not too long."""

import re
from typing import Final

_LONGEST: Final = 300
_PLACE: Final = re.compile(
    r"""
      \b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?               # IPv4
    | (?:\[|%5B)(?=[^\]\s]*:[^\]\s]*:)[\w:.%\-]+?(?:\]|%5D)(?::\d+)?
                                                      # IPv6 in brackets, also as gRPC writes them
    | (?<![\w:])(?:[\da-f]{0,4}:){2,7}[\da-f]{1,4}(?![\w:])
    | \b[a-z][\w\-]*(?:\.[\w\-]+)*:\d{2,5}(?!\.?\w)   # a host by name, with its port
    | (?:[\w.\-]*/)+[\w.\-]+                           # a path
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_places(text: str) -> str:
    """``text`` on one line, with an ellipsis for every path and address."""
    shown = _PLACE.sub("…", " ".join(text.split()))
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
