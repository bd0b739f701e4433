"""Image files made to harm: small, and costly to whoever decodes them.

``python -m tests.support.hostile_photos``: reads each of them as an upload and prints, as JSON,
what came of it and the process's peak of resident memory in MiB.
"""

import json
import struct
import sys
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image

from tests.support.photos import encoded, photo_bytes, png_chunk, png_of_header, scalp_picture

WIDTH, HEIGHT = 7300, 5470
"""Just within what is let in: 39.9 million pixels."""

_SCAN: Final = b"\xff\xda"


def many_scans(count: int, width: int = 640, height: int = 480) -> bytes:
    """A progressive JPEG whose smallest scan comes ``count`` times more; each passes over all."""
    flat = Image.new("RGB", (width, height), (200, 160, 140))
    data = encoded(flat, "JPEG", progressive=True, subsampling=0)
    starts = [at for at in range(len(data)) if data.startswith(_SCAN, at)]
    start, end = min(pairwise(starts[1:]), key=lambda scan: scan[1] - scan[0])
    return data[:end] + data[start:end] * count + data[end:]


def many_segments(count: int) -> bytes:
    """A JPEG with empty comments before its picture."""
    data = photo_bytes()
    return data[:2] + b"\xff\xfe\x00\x02" * count + data[2:]


def many_pictures(count: int) -> bytes:
    """A JPEG with nothing but beginnings and ends of pictures behind it."""
    return photo_bytes() + b"\xff\xd8\xff\xd9" * count


def many_chunks(count: int) -> bytes:
    """A PNG with empty chunks before its picture."""
    data = encoded(scalp_picture(), "PNG")
    return data[:33] + png_chunk(b"teSt", b"") * count + data[33:]


def png_bomb(width: int, height: int, mode: str) -> bytes:
    """A PNG that is whole: zeros, compressed to next to nothing."""
    colour, channels, depth = {"RGBA": (6, 4, 8), "LA": (4, 2, 8), "P": (3, 1, 8), "1": (0, 1, 1)}[
        mode
    ]
    row = 1 + (width * channels * depth + 7) // 8
    pixels = zlib.compressobj(1)
    parts = [pixels.compress(bytes(row)) for _ in range(height)]
    body = b"".join([*parts, pixels.flush()])
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header)]
    if mode == "P":
        chunks += [png_chunk(b"PLTE", bytes(768)), png_chunk(b"tRNS", bytes(256))]
    chunks += [png_chunk(b"IDAT", body), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def webp_bomb(width: int, height: int) -> bytes:
    """A WebP of one colour: some forty bytes, whatever its size, for no pixel takes a bit."""
    flat = Image.new("RGBA", (64, 64), (200, 1, 2, 100))
    data = bytearray(encoded(flat, "WEBP", lossless=True, method=0))
    start = data.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", data, start)
    size = (width - 1) | (height - 1) << 14
    struct.pack_into("<I", data, start, bits >> 28 << 28 | size)
    return bytes(data)


def text_bomb() -> bytes:
    """A PNG whose compressed text unfolds to 64 MB."""
    squeezer = zlib.compressobj(9)
    text = b"".join([squeezer.compress(bytes(2**20)) for _ in range(64)] + [squeezer.flush()])
    data = encoded(scalp_picture(), "PNG")
    return data[:33] + png_chunk(b"zTXt", b"Comment\x00\x00" + text) + data[33:]


def profile_bomb() -> bytes:
    """A PNG whose compressed colour profile unfolds to 64 MB."""
    squeezer = zlib.compressobj(9)
    body = b"".join([squeezer.compress(bytes(2**20)) for _ in range(64)] + [squeezer.flush()])
    data = encoded(scalp_picture(), "PNG")
    return data[:33] + png_chunk(b"iCCP", b"icc\x00\x00" + body) + data[33:]


BOMBS: Final[Mapping[str, Callable[[], bytes]]] = {
    "a PNG with transparency": lambda: png_bomb(WIDTH, HEIGHT, "RGBA"),
    "a grey PNG with transparency": lambda: png_bomb(WIDTH, HEIGHT, "LA"),
    "a PNG with a transparent palette": lambda: png_bomb(WIDTH, HEIGHT, "P"),
    "a PNG of black and white": lambda: png_bomb(WIDTH, HEIGHT, "1"),
    "a progressive JPEG": lambda: many_scans(0, WIDTH, HEIGHT),
    "a WebP as large as may be": lambda: webp_bomb(4472, 4472),
    "a WebP of too many pixels": lambda: webp_bomb(WIDTH, HEIGHT),
    "the largest WebP": lambda: webp_bomb(16_383, 16_383),
    "a PNG of 50,000 × 50,000": lambda: png_of_header(50_000, 50_000),
    "compressed text": text_bomb,
    "a compressed profile": profile_bomb,
    "a thousand scans": lambda: many_scans(1000),
    "300,000 segments": lambda: many_segments(300_000),
    "300,000 pictures": lambda: many_pictures(300_000),
    "300,000 chunks": lambda: many_chunks(300_000),
}


def main() -> None:
    from dupi.errors import PoorImage, UnsupportedImage
    from dupi.settings import PhotoSettings
    from dupi.vision.images import read_photo

    outcomes = {}
    for name, make in BOMBS.items():
        try:
            read_photo(make(), PhotoSettings())
            outcomes[name] = "taken"
        except (UnsupportedImage, PoorImage) as refused:
            outcomes[name] = f"{refused.code}: {refused.reason}"
    json.dump({"outcomes": outcomes, "peak_mib": _peak_mib()}, sys.stdout)


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
