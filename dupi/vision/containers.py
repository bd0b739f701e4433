"""What the bytes of an image file say before anything is decoded.

Finds out by walking through the file's segments: the real type, whatever its name; depths that
Pillow would silently cut; more scans or segments than any camera writes, each of which would cost a
pass over the whole picture or a step in Python; and what lies behind the picture's end. A file that
is an image and something else at once (polyglot) is refused, while what phones append (a second
picture, a short film, notes of their own) is let through: it is not kept anyway.
"""

import re
from typing import Final

from dupi.errors import UnsupportedImage

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH_AT: Final = 24
_DEEP: Final = 16
_END_OF_IMAGE: Final = 0xD9
_START_OF_SCAN: Final = 0xDA
_MOST_SCANS: Final = 64
"""Of a progressive JPEG: encoders write 10 or so. Each of them, however short, is decoded as a pass
over all pixels: a thousand in some kilobytes would keep a processor busy for minutes."""
_MOST_SEGMENTS: Final = 20_000
"""Of a whole file, all its pictures together."""
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_PHONE_NOTES: Final = b"SEFT"
_MAX_TRAILING_ZEROS: Final = 64 * 1024


def check_container(data: bytes) -> None:
    """Raises UnsupportedImage."""
    if data.startswith(_JPEG):
        _check_jpeg_end(data)
    elif data.startswith(_PNG):
        _check_png(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        _check_nothing_behind(data, 8 + int.from_bytes(data[4:8], "little"))
    else:
        raise UnsupportedImage("neither JPEG nor PNG nor WebP", reason="format")


def _check_png(data: bytes) -> None:
    if data[12:16] != b"IHDR" or len(data) <= _PNG_DEPTH_AT:
        raise UnsupportedImage("a PNG without a header", reason="unreadable")
    if data[_PNG_DEPTH_AT] >= _DEEP:
        raise UnsupportedImage("16 bits a channel", reason="format")
    at = len(_PNG)
    for _ in range(_MOST_SEGMENTS):
        if at + 8 > len(data):
            raise UnsupportedImage("the file is cut", reason="unreadable")
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            _check_nothing_behind(data, at)
            return
    raise _too_many("segments")


def _check_jpeg_end(data: bytes) -> None:
    """Several pictures in a row are one file of a phone."""
    end = segments = 0
    while data.startswith(_JPEG, end):
        end, within = _end_of_jpeg(data, end, _MOST_SEGMENTS - segments)
        segments += within
    behind = data[end:]
    is_film, are_notes = behind[4:8] == b"ftyp", behind.endswith(_PHONE_NOTES)
    if not (is_film or are_notes):
        _check_nothing_behind(data, end)


def _end_of_jpeg(data: bytes, start: int, most_segments: int) -> tuple[int, int]:
    """Where the picture that begins at ``start`` ends, and of how many segments it consists.

    Raises UnsupportedImage where it is cut, or has too many of them.
    """
    at, scans = start + 2, 0
    for segments in range(1, most_segments + 1):
        marker = _NEXT_MARKER.search(data, at)
        if marker is None:
            raise UnsupportedImage("the file is cut", reason="unreadable")
        kind, at = marker.group()[1], marker.end()
        scans += kind == _START_OF_SCAN
        if scans > _MOST_SCANS:
            raise _too_many("scans")
        if kind == _END_OF_IMAGE:
            return at, segments
        if kind != 0x01:
            at += int.from_bytes(data[at : at + 2], "big")
    raise _too_many("segments")


def _too_many(what: str) -> UnsupportedImage:
    return UnsupportedImage(f"more {what} than a picture needs", reason="unreadable")


def _check_nothing_behind(data: bytes, end: int) -> None:
    behind = data[end:]
    if len(behind) > _MAX_TRAILING_ZEROS or behind.strip(b"\x00"):
        raise UnsupportedImage("something lies behind the picture", reason="polyglot")
