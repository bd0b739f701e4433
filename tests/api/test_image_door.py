"""Photos made to harm, through the API: refused with a code, and nothing is left behind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from dupi.analyses.models import Photo
from tests.support.hostile_photos import many_chunks, many_scans, many_segments, webp_bomb
from tests.support.photos import decoded, encoded, photo_bytes, png_of_header, scalp_picture
from tests.support.web import Caller


def _animation(kind: str) -> bytes:
    return encoded(scalp_picture(), kind, save_all=True, append_images=[scalp_picture(seed=8)])


def _sideways_with_gps() -> bytes:
    tags = Image.Exif()
    tags[0x0112] = 6
    tags[0x010F] = "SECRETPHONE"
    tags.get_ifd(0x8825)[2] = (37.0, 33.0, 59.0)
    turned = scalp_picture().transpose(Image.Transpose.ROTATE_90)
    return encoded(turned, "JPEG", quality=90, exif=tags)


REFUSED: dict[str, Callable[[], bytes]] = {
    "pixel bomb": lambda: png_of_header(50_000, 50_000),
    "decompression bomb": lambda: webp_bomb(16_383, 16_383),
    "a thousand scans": lambda: many_scans(1000),
    "endless segments": lambda: many_segments(100_000),
    "endless chunks": lambda: many_chunks(100_000),
    "animated GIF": lambda: _animation("GIF"),
    "animated WebP": lambda: _animation("WEBP"),
    "polyglot": lambda: photo_bytes() + b"<script>alert(1)</script>",
    "SVG named .jpg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "HEIC": lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 500,
    "CMYK": lambda: encoded(scalp_picture().convert("CMYK"), "JPEG"),
    "16 bits": lambda: png_of_header(640, 480, depth=16),
    "1 × 1": lambda: encoded(Image.new("RGB", (1, 1)), "PNG"),
    "empty": lambda: b"",
    "cut": lambda: photo_bytes()[:-300],
}


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_and_nothing_is_left(mina: Caller, name: str, tmp_path: Path) -> None:
    refused = await mina.upload(REFUSED[name]())
    assert refused["__typename"] == "UnsupportedImageError"
    assert refused["code"] == "UNSUPPORTED_IMAGE"
    assert await Photo.count() == 0
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]


async def test_others_go_on_meanwhile(mina: Caller) -> None:
    await mina.upload(REFUSED["a thousand scans"]())
    assert (await mina.upload(photo_bytes()))["photo"]["width"] == 640


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_a_wrong_extension_is_taken_for_what_it_is(mina: Caller, kind: str) -> None:
    """Clients of the tests call every file ``.jpg`` and ``image/jpeg``."""
    taken = await mina.upload(encoded(scalp_picture(), kind))
    served = await mina.http.get(taken["photo"]["url"])
    assert served.headers["content-type"] == "image/jpeg"
    assert decoded(served.content).format == "JPEG"


async def test_a_sideways_photo_with_gps_is_served_upright_and_without(mina: Caller) -> None:
    data = _sideways_with_gps()
    assert b"SECRETPHONE" in data
    taken = (await mina.upload(data))["photo"]
    assert (taken["width"], taken["height"]) == (640, 480)
    for url in (taken["url"], taken["thumbnailUrl"]):
        served = (await mina.http.get(url)).content
        assert b"SECRETPHONE" not in served
        assert not decoded(served).getexif()
    whole = decoded((await mina.http.get(taken["url"])).content)
    assert whole.size == (640, 480)
