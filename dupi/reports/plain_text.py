"""Any text as a printed page can take it: nothing invisible, no line that cannot be broken."""

import re
import unicodedata
from typing import Any, Final

_LONGEST_WORD: Final = 40
_LONG_WORD: Final = re.compile(rf"[!-~]{{{_LONGEST_WORD}}}(?=[!-~])")
"""Signs without a space between them: a line breaks between any two of Hangul by itself."""
_MAY_BREAK: Final = "\N{ZERO WIDTH SPACE}"
_KEPT: Final = "\n"


def printable(value: Any) -> Any:
    """``value`` (texts, numbers, lists and dicts of them) with each text made printable: NFC,
    without controls, marks of direction and lone surrogates, long words free to break."""
    if isinstance(value, str):
        return _LONG_WORD.sub(rf"\g<0>{_MAY_BREAK}", _visible(value))
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        sign for sign in composed if sign in _KEPT or unicodedata.category(sign)[0] != "C"
    )
