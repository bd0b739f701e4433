"""Photos are taken upright, in sRGB, without metadata; everything else is refused."""

import tracemalloc
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFilter
from PIL.PngImagePlugin import PngInfo

from dupi.errors import ImageQualityReason as Reason
from dupi.errors import PoorImage, UnsupportedImage
from dupi.settings import PhotoSettings
from dupi.vision.images import UprightPhoto, model_input, read_photo
from tests.support.photos import decoded, encoded, photo_bytes, png_of_header, scalp_picture

LIMITS = PhotoSettings()
UP = 0x0112
GPS = 0x8825


def read(data: bytes) -> UprightPhoto:
    return read_photo(data, LIMITS)


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[UP] = orientation
    tags[0x010F] = "SECRETPHONE"
    tags.get_ifd(GPS)[1] = "N"
    tags.get_ifd(GPS)[2] = (37.0, 33.0, 59.0)
    return tags


def distance(one: Image.Image, other: Image.Image) -> float:
    a, b = (np.asarray(image.convert("RGB"), dtype=np.float32) for image in (one, other))
    return float(np.abs(a - b).mean())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_taken(kind: str) -> None:
    photo = read(encoded(scalp_picture(), kind))
    assert (photo.width, photo.height) == (640, 480)
    assert 0.5 < photo.quality <= 1
    assert decoded(photo.jpeg).size == (640, 480)
    assert decoded(photo.jpeg).format == "JPEG"
    assert decoded(photo.thumbnail).size == (320, 240)
    assert distance(decoded(photo.jpeg), scalp_picture()) < 9


def test_a_large_photo_is_made_smaller() -> None:
    photo = read(photo_bytes(4000, 3000))
    assert (photo.width, photo.height) == (2048, 1536)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_becomes_upright(kind: str, orientation: int) -> None:
    upright = scalp_picture()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turned = upright.transpose(undo[orientation]) if orientation > 1 else upright
    photo = read(encoded(turned, kind, exif=exif(orientation)))
    assert (photo.width, photo.height) == (640, 480)
    assert distance(decoded(photo.jpeg), upright) < 8


def with_metadata(kind: str) -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more: dict[str, Any] = {"exif": exif(), "icc_profile": profile, "dpi": (300, 300)}
    if kind == "PNG":
        more["pnginfo"] = PngInfo()
        more["pnginfo"].add_text("Author", "SECRETNAME")
    else:
        more["xmp"] = b"<x:xmpmeta>SECRETXMP</x:xmpmeta>"
    if kind == "JPEG":
        more["comment"] = b"SECRETCOMMENT"
    return encoded(scalp_picture(), kind, **more)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_is_kept(kind: str) -> None:
    data = with_metadata(kind)
    assert b"SECRET" in data
    photo = read(data)
    for kept in (photo.jpeg, photo.thumbnail):
        assert not any(mark in kept for mark in (b"SECRET", b"Exif", b"ICC_PROFILE", b"xmpmeta"))
        assert not decoded(kept).getexif()
        assert set(decoded(kept).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_colours_follow_the_profile() -> None:
    """A profile whose red and green are swapped: what was red comes out green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    picture = scalp_picture().copy()
    picture.paste((220, 30, 30), (0, 0, 200, 200))
    photo = read(encoded(picture, "PNG", icc_profile=bytes(profile)))
    red_level, green_level, _ = np.asarray(decoded(photo.jpeg))[100, 100]
    assert green_level > red_level + 100


@pytest.mark.parametrize("profile", [b"nonsense", b"\x00" * 200])
def test_a_broken_profile_is_left_aside(profile: bytes) -> None:
    photo = read(encoded(scalp_picture(), "JPEG", icc_profile=profile))
    assert distance(decoded(photo.jpeg), scalp_picture()) < 8


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Possibly corrupt EXIF data")
def test_broken_exif_is_left_aside() -> None:
    read(
        encoded(scalp_picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\xff" * 40)
    )


def test_grey_palette_and_transparent_pictures_are_taken() -> None:
    for mode in ("L", "P", "RGBA", "LA"):
        photo = read(encoded(scalp_picture().convert(mode), "PNG"))
        assert decoded(photo.jpeg).mode == "RGB"


def test_transparency_is_laid_over_white() -> None:
    picture = scalp_picture().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 100, 100))
    photo = read(encoded(picture, "PNG"))
    assert np.asarray(decoded(photo.jpeg))[50, 50].min() > 240


def test_what_phones_append_is_let_through_and_dropped() -> None:
    data = photo_bytes()
    film = b"\x00\x00\x00\x18ftypmp42" + b"film" * 100
    notes = b"Image_UTC_Data1234" + b"SEFHk\x00\x00\x00SEFT"
    second = encoded(scalp_picture(seed=8))
    for behind in (film, notes, second, second + film, b"\x00" * 512):
        assert read(data + behind).jpeg == read(data).jpeg


def test_several_pictures_of_a_phone_are_its_first() -> None:
    both = encoded(scalp_picture(), "MPO", save_all=True, append_images=[scalp_picture(seed=8)])
    assert distance(decoded(read(both).jpeg), scalp_picture()) < 8


def animation(kind: str) -> bytes:
    return encoded(scalp_picture(), kind, save_all=True, append_images=[scalp_picture(seed=8)])


@cache
def refused_files() -> dict[str, bytes]:
    jpeg, picture = photo_bytes(), scalp_picture()
    cut_progressive = encoded(picture, "JPEG", progressive=True)
    return {
        "empty": b"",
        "text": b"hello",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"/>',
        "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 500,
        "gif": encoded(picture, "GIF"),
        "animated gif": animation("GIF"),
        "animated webp": animation("WEBP"),
        "animated png": animation("PNG"),
        "tiff": encoded(picture, "TIFF"),
        "bmp": encoded(picture, "BMP"),
        "cmyk": encoded(picture.convert("CMYK"), "JPEG"),
        "16 bits": encoded(Image.fromarray(np.full((480, 640), 30000, np.uint16)), "PNG"),
        "16 bits rgb": png_of_header(640, 480, depth=16),
        "truncated": jpeg[: len(jpeg) // 2],
        "truncated progressive": cut_progressive[: len(cut_progressive) // 2],
        "truncated png": encoded(picture, "PNG")[:-5000],
        "truncated webp": encoded(picture, "WEBP")[:-5000],
        "only a header": jpeg[:300],
        "magic only": b"\xff\xd8\xff",
        "png magic only": b"\x89PNG\r\n\x1a\n",
        "webp magic only": b"RIFF\x00\x00\x00\x00WEBP",
        "one pixel": encoded(Image.new("RGB", (1, 1)), "PNG"),
        "a line": encoded(Image.new("RGB", (6000, 300)), "PNG"),
        "pixel bomb": png_of_header(50_000, 50_000),
        "just too many pixels": png_of_header(10_000, 4_001),
        "no pixels": png_of_header(0, 480),
        "lying header": png_of_header(6000, 5000),
        "too large a file": jpeg + b"\x00" * LIMITS.max_bytes,
        "zip behind": jpeg + b"PK\x03\x04" + b"x" * 200,
        "html behind": jpeg + b"<script>alert(1)</script>",
        "html behind png": encoded(picture, "PNG") + b"<script>alert(1)</script>",
        "html behind webp": encoded(picture, "WEBP") + b"<script>alert(1)</script>",
        "html before": b"<html>" + jpeg,
    }


@pytest.mark.parametrize("name", refused_files())
def test_refused(name: str) -> None:
    with pytest.raises(UnsupportedImage):
        read(refused_files()[name])


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    tracemalloc.start()
    try:
        for data in (png_of_header(50_000, 50_000), png_of_header(10_000, 4_001)):
            with pytest.raises(UnsupportedImage):
                read(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_nonsense_never_breaks_out() -> None:
    """Any byte flipped anywhere gives a photo or a refusal."""
    random = np.random.default_rng(3)
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(scalp_picture(), kind)
        for _ in range(12):
            broken = bytearray(data)
            for at in random.integers(0, min(len(data), 2000), 6):
                broken[at] = int(random.integers(256))
            try:
                read(bytes(broken))
            except (UnsupportedImage, PoorImage):
                continue


def reasons_of(picture: Image.Image) -> tuple[Reason, ...]:
    with pytest.raises(PoorImage) as refused:
        read(encoded(picture, "JPEG", quality=90))
    return refused.value.reasons


def test_poor_photos_are_told_why() -> None:
    picture = scalp_picture()
    assert reasons_of(picture.resize((300, 225))) == (Reason.TOO_SMALL,)
    assert reasons_of(picture.resize((310, 300))) == (Reason.TOO_SMALL,)
    assert Reason.BLURRED in reasons_of(picture.filter(ImageFilter.GaussianBlur(8)))
    assert Reason.TOO_DARK in reasons_of(picture.point(lambda value: value * 0.1))
    assert Reason.TOO_DARK in reasons_of(Image.new("RGB", (640, 480), "black"))
    assert Reason.TOO_BRIGHT in reasons_of(picture.point(lambda value: value + 150))
    assert Reason.TOO_BRIGHT in reasons_of(Image.new("RGB", (640, 480), "white"))
    flat = picture.point(lambda value: 120 + value // 30)
    assert Reason.LOW_CONTRAST in reasons_of(flat)


def test_a_softer_photo_has_less_quality() -> None:
    sharp = read(photo_bytes()).quality
    soft = read(encoded(scalp_picture().filter(ImageFilter.GaussianBlur(1.2)), "PNG")).quality
    assert soft < sharp


def test_model_input_is_the_whole_frame() -> None:
    pixels = model_input(read(photo_bytes()).jpeg, 160)
    assert pixels.shape == (160, 160, 3)
    assert pixels.dtype == np.uint8
    whole = scalp_picture().resize((160, 160), Image.Resampling.BICUBIC)
    assert distance(Image.fromarray(pixels), whole) < 4
