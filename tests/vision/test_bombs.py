"""Files made to harm cost next to nothing: most are refused before a pixel is decoded."""

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image

from api.local_stack.paths import ROOT
from dupi.errors import PoorImage, UnsupportedImage
from dupi.settings import PhotoSettings
from dupi.vision import images
from tests.support.hostile_photos import (
    BOMBS,
    many_chunks,
    many_pictures,
    many_scans,
    many_segments,
    webp_bomb,
)
from tests.support.photos import encoded, photo_bytes, png_of_header, scalp_picture

LIMITS = PhotoSettings()
MOST_MEMORY_MIB = 512
"""Of a process that decodes one file at a time, its own some 60 MiB included."""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done: headers read by Pillow, pictures decoded."""
    done: list[str] = []
    decode, open_image = images._decode, Image.open

    def counted_decode(*arguments: Any) -> Image.Image:
        done.append("decoded")
        return decode(*arguments)

    def counted_open(*arguments: Any, **options: Any) -> Image.Image:
        done.append("opened")
        return open_image(*arguments, **options)

    monkeypatch.setattr(images, "_decode", counted_decode)
    monkeypatch.setattr(Image, "open", counted_open)
    return done


def refused(data: bytes) -> str:
    """Why, as a stable key."""
    with pytest.raises(UnsupportedImage) as refusal:
        images.read_photo(data, LIMITS)
    return str(refusal.value.reason)


def test_work_is_counted(work: list[str]) -> None:
    images.read_photo(photo_bytes(), LIMITS)
    assert work == ["opened", "decoded"]


def test_what_is_no_picture_is_not_even_opened(work: list[str]) -> None:
    picture = scalp_picture()
    for data in (
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 500,
        encoded(picture, "GIF", save_all=True, append_images=[scalp_picture(seed=8)]),
        photo_bytes() + b"x" * 30_000_000,
        photo_bytes() + b"PK\x03\x04" + b"x" * 200,
        png_of_header(640, 480, depth=16),
    ):
        refused(data)
    assert work == []


@pytest.mark.parametrize("end", [4, 20, 200, 600, 2000, 5000, 10_000, 20_000, -1000, -2, -1])
def test_a_jpeg_that_is_cut_anywhere_is_not_even_opened(work: list[str], end: int) -> None:
    assert refused(photo_bytes()[:end]) == "unreadable"
    assert work == []


def test_what_the_header_shows_is_refused_by_it(work: list[str]) -> None:
    cmyk = encoded(scalp_picture().convert("CMYK"), "JPEG")
    animation = encoded(
        scalp_picture(), "WEBP", save_all=True, append_images=[scalp_picture(seed=8)]
    )
    for data, reason in (
        (png_of_header(50_000, 50_000), "unreadable"),
        (png_of_header(10_000, 4_001), "too_large"),
        (png_of_header(1, 1), "dimensions"),
        (cmyk, "format"),
        (animation, "animated"),
    ):
        assert refused(data) == reason
    assert work == ["opened"] * 5


@pytest.mark.parametrize(
    "data",
    [many_scans(64), many_segments(20_000), many_pictures(20_000), many_chunks(20_000)],
    ids=["scans", "segments", "pictures", "chunks"],
)
def test_more_parts_than_a_picture_needs_are_not_even_counted_to_their_end(
    work: list[str], data: bytes
) -> None:
    assert refused(data) == "unreadable"
    assert work == []


@pytest.mark.parametrize(
    "data", [many_scans(20), many_segments(5000), many_pictures(5000), many_chunks(5000)]
)
def test_as_many_as_some_program_may_write_are_let_through(work: list[str], data: bytes) -> None:
    with suppress(PoorImage):  # a flat one
        images.read_photo(data, LIMITS)
    assert work == ["opened", "decoded"]


def test_a_webp_may_have_half_the_pixels(work: list[str]) -> None:
    """Its decoder holds each of them several times."""
    assert refused(webp_bomb(7300, 5470)) == "too_large"
    assert work == ["opened"]


def test_memory_stays_bounded() -> None:
    command = [sys.executable, "-m", "tests.support.hostile_photos"]
    answer = json.loads(subprocess.check_output(command, cwd=ROOT, text=True))
    assert set(answer["outcomes"]) == set(BOMBS)
    assert answer["outcomes"]["a WebP as large as may be"].startswith("POOR_IMAGE"), "decoded"
    assert answer["peak_mib"] < MOST_MEMORY_MIB, answer
