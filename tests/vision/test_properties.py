"""Whatever comes to the image door: a plain picture within the limits, or one of two refusals."""

import struct
import zlib
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from dupi.errors import PoorImage, UnsupportedImage
from dupi.settings import PhotoSettings
from dupi.vision.images import UprightPhoto, read_photo
from tests.support.photos import decoded, encoded, png_chunk, scalp_picture

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

LIMITS = PhotoSettings(max_pixels=400_000, max_side=600, min_width=120, min_height=90)
_KINDS = ("JPEG", "PNG", "WEBP")
_PLAIN = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
_MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "YCbCr")
_UPRIGHT_BEFORE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def pass_the_door(data: bytes) -> UprightPhoto | None:
    """What is taken, held to what is promised of it; ``None``: refused as refusals are."""
    try:
        photo = read_photo(data, LIMITS)
    except (UnsupportedImage, PoorImage):
        return None
    for kept in (photo.jpeg, photo.thumbnail):
        image = decoded(kept)
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert set(image.info) <= _PLAIN
        assert not image.getexif()
    assert decoded(photo.jpeg).size == (photo.width, photo.height)
    assert max(photo.width, photo.height) <= LIMITS.max_side
    assert max(decoded(photo.thumbnail).size) <= LIMITS.thumbnail_side
    assert 0 <= photo.quality <= 1
    return photo


def exif(orientation: object) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "SECRETPHONE"
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


@cache
def profile() -> bytes:
    made: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made


@cache
def real_files() -> tuple[bytes, ...]:
    picture, other = scalp_picture(240, 180), scalp_picture(240, 180, seed=8)
    told: dict[str, Any] = {"exif": exif(6), "icc_profile": profile()}
    files = [encoded(picture, kind, **more) for kind in _KINDS for more in ({}, told)]
    return (
        *files,
        encoded(picture, "JPEG", progressive=True, **told),
        encoded(picture, "MPO", save_all=True, append_images=[other]),
        encoded(picture.convert("P"), "PNG", transparency=3),
        encoded(picture.convert("L"), "PNG", transparency=3),
        encoded(picture, "WEBP", lossless=True),
        encoded(picture, "WEBP", save_all=True, append_images=[other]),
    )


@st.composite
def changed_files(draw: st.DrawFn) -> bytes:
    """A real file with some of its bytes changed, moved, doubled, gone, or of another file."""
    data = bytearray(draw(st.sampled_from(real_files())))
    for _ in range(draw(st.integers(1, 6))):
        reach = min(draw(st.sampled_from((32, 400, len(data)))), len(data)) - 1
        at = draw(st.integers(0, max(reach, 0)))
        how = draw(st.sampled_from(("flip", "set", "cut", "drop", "double", "splice")))
        if how == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "set":
            new = draw(st.sampled_from((b"\xff\xff", b"\x00" * 4, b"\x7f\xff\xff\xff", b"\x80")))
            data[at : at + len(new)] = new
        elif how == "cut":
            del data[max(at, 16) :]
        elif how == "drop":
            del data[at : at + draw(st.integers(1, 60))]
        elif how == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 300))]
        else:
            data[at:at] = draw(st.sampled_from(real_files()))[: draw(st.integers(1, 400))]
    return with_checksums(bytes(data))


def with_checksums(data: bytes) -> bytes:
    """A PNG's checksums made right: a wrong one would hide what is behind it."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        checksum = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        parts.append(data[at:end] + checksum)
        at = end + 4
    return b"".join([*parts, data[at:]])


@_often
@given(st.binary(max_size=400), st.sampled_from([b"", *(file[:40] for file in real_files())]))
def test_any_bytes(data: bytes, begin: bytes) -> None:
    assert pass_the_door(begin + data) is None


@settings(_often, max_examples=400)
@given(changed_files())
def test_any_change_of_a_real_file(data: bytes) -> None:
    pass_the_door(data)


@_often
@given(st.sampled_from(real_files()), st.randoms(use_true_random=False))
def test_segments_in_any_order(data: bytes, random: Any) -> None:
    segments = segments_of(data)
    inner = segments[1:-1]
    random.shuffle(inner)
    pass_the_door(b"".join([segments[0], *inner, segments[-1]]))


def segments_of(data: bytes) -> list[bytes]:
    """Chunks of a PNG, pieces at the markers of a JPEG, lengths of eight of a WebP."""
    if data.startswith(b"\x89PNG"):
        cuts, at = [8], 8
        while at + 12 <= len(data):
            at += 12 + int.from_bytes(data[at : at + 4], "big")
            cuts.append(at)
    elif data.startswith(b"\xff\xd8"):
        cuts = [at for at in range(2, len(data) - 1) if data[at] == 0xFF and data[at + 1] > 0xBF]
    else:
        cuts = list(range(12, len(data), 8))
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@_often
@given(
    st.sampled_from(_KINDS),
    st.one_of(st.binary(max_size=300), st.builds(exif, st.integers(0, 65_535))),
    st.one_of(st.binary(max_size=300), st.integers(0, 500).map(lambda end: profile()[:end])),
)
def test_any_metadata(kind: str, tags: bytes, colours: bytes) -> None:
    picture = scalp_picture(240, 180)
    try:
        data = encoded(picture, kind, exif=tags, icc_profile=colours)
    except (ValueError, OSError):  # what cannot be written is not sent
        return
    photo = pass_the_door(data)
    assert photo is None or b"SECRET" not in photo.jpeg


@_often
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from((1, 2, 4, 8, 16)),
    st.sampled_from((0, 2, 3, 4, 6, 9)),
)
def test_any_size_that_a_header_claims(width: int, height: int, depth: int, colour: int) -> None:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    parts = (png_chunk(b"IHDR", header), pixels, png_chunk(b"IEND", b""))
    assert pass_the_door(b"\x89PNG\r\n\x1a\n" + b"".join(parts)) is None


@_often
@given(
    st.sampled_from(list(product(_MODES, _KINDS))),
    st.integers(1, 700),
    st.integers(1, 700),
    st.integers(1, 8),
)
def test_any_mode_size_and_orientation(
    form: tuple[str, str], width: int, height: int, orientation: int
) -> None:
    mode, kind = form
    picture = scalp_picture(720, 720).crop((0, 0, width, height))
    turned = picture.transpose(_UPRIGHT_BEFORE[orientation]) if orientation > 1 else picture
    try:
        data = encoded(_in_mode(turned, mode), kind, exif=exif(orientation))
    except (ValueError, OSError):  # this format knows no such mode
        return
    photo = pass_the_door(data)
    if photo is None or mode == "1":
        return
    scale = min(1.0, LIMITS.max_side / max(width, height))
    assert abs(photo.width - width * scale) <= 1
    assert abs(photo.height - height * scale) <= 1
    wanted = picture.convert("L").resize((photo.width, photo.height), Image.Resampling.LANCZOS)
    found = decoded(photo.jpeg).convert("L")
    gap = np.abs(np.asarray(found, np.float32) - np.asarray(wanted, np.float32))
    assert gap.mean() < 12


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    return picture.convert(mode)


@settings(_often, max_examples=40)
@given(st.sampled_from(_KINDS), st.integers(0, 2), st.integers(130, 700), st.integers(120, 700))
def test_what_was_taken_is_taken_again_as_it_is(
    kind: str, seed: int, width: int, height: int
) -> None:
    first = pass_the_door(encoded(scalp_picture(width, height, seed=seed), kind))
    if first is None:
        return
    second = pass_the_door(first.jpeg)
    assert second
    assert (second.width, second.height) == (first.width, first.height)
    one, other = (np.asarray(decoded(photo.jpeg), np.float32) for photo in (first, second))
    assert np.abs(one - other).mean() < 3
    assert len(second.jpeg) < 1.2 * len(first.jpeg)
