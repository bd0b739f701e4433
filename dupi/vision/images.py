"""Photos: refused by their header where that shows enough, else decoded once and made plain.

What is kept is an upright sRGB JPEG without any metadata. Everything here is plain computation;
``decoder.py`` runs it beside the event loop.
"""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, UnidentifiedImageError

from dupi.errors import ImageQualityReason, PoorImage, UnsupportedImage
from dupi.settings import PhotoSettings
from dupi.vision.containers import check_container
from dupi.vision.quality import judge

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_DECODED_FORMATS: Final = frozenset({*_FORMATS, "MPO"})
"""Pillow calls a JPEG of several pictures MPO (phones write them); the first is the photo."""

_COSTS: Final = {"PNG": 2, "WEBP": 2}
"""Of these half as many pixels are let in: a JPEG is shrunk while it is decoded, a PNG is not, and
WebP's decoder holds each pixel in four places."""

_MODES: Final = frozenset({"RGB", "RGBA", "L", "LA", "P", "1"})
_TINY: Final = 32
_LONGEST_ASPECT: Final = 5
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_THUMBNAIL_QUALITY: Final = 85

# What Pillow raises on files that are broken, cut or made to harm.
_BROKEN: Final = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    MemoryError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

# Pillow warns of metadata that it cannot read, in words that a file can choose.
warnings.filterwarnings("ignore", module=r"PIL\.")

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class UprightImage:
    """``jpeg`` and ``thumbnail``: upright sRGB, no metadata."""

    jpeg: bytes
    thumbnail: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class UprightPhoto(UprightImage):
    """``quality`` from 0 to 1."""

    quality: float


def read_photo(data: bytes, limits: PhotoSettings) -> UprightPhoto:
    """Check and normalise an uploaded file. Raises UnsupportedImage, PoorImage."""
    picture = read_picture(data, limits)
    judgement = judge(picture)
    if judgement.reasons:
        raise PoorImage(judgement.reasons)
    made = _made_plain(picture, limits)
    return UprightPhoto(
        made.jpeg, made.thumbnail, made.width, made.height, quality=judgement.quality
    )


def read_image(data: bytes, limits: PhotoSettings) -> UprightImage:
    """As ``read_photo``, of an image that nobody grades. Raises UnsupportedImage."""
    return _made_plain(read_picture(data, limits, to_be_graded=False), limits)


def read_picture(data: bytes, limits: PhotoSettings, *, to_be_graded: bool = True) -> Image.Image:
    """The file's picture: RGB in sRGB, upright, at most ``limits.max_side`` pixels a side."""
    _check_size(data, limits)
    check_container(data)
    with _broken_is_unsupported():
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        _check_header(image, limits)
        if to_be_graded:
            _check_gradable(image, limits)
        return _decode(image, limits.max_side)


def model_input(jpeg: bytes, size: int) -> Pixels:
    """A stored photo as the classifiers take it: uint8 ``[size, size, 3]``, RGB, full frame."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        square = image.convert("RGB").resize(
            (size, size), Image.Resampling.BICUBIC, reducing_gap=None
        )
    return np.asarray(square, dtype=np.uint8)


def _check_size(data: bytes, limits: PhotoSettings) -> None:
    if not data:
        raise UnsupportedImage("the file is empty", reason="empty")
    if len(data) > limits.max_bytes:
        raise UnsupportedImage("the file is too large", reason="too_large")


def _check_header(image: Image.Image, limits: PhotoSettings) -> None:
    """Nothing has been decoded yet: format, colours, frames and dimensions are in the header."""
    width, height = image.size
    if image.format not in _DECODED_FORMATS or image.mode not in _MODES:
        raise UnsupportedImage(f"{image.format} in {image.mode}", reason="format")
    costs = _COSTS.get(image.format or "", 1)
    if width * height * costs > limits.max_pixels:
        raise UnsupportedImage(f"{width} × {height} pixels", reason="too_large")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise UnsupportedImage("an animation", reason="animated")
    short, long = sorted(image.size)
    if short < _TINY or long > short * _LONGEST_ASPECT:
        raise UnsupportedImage(f"{width} × {height} pixels", reason="dimensions")


def _check_gradable(image: Image.Image, limits: PhotoSettings) -> None:
    short, long = sorted(image.size)
    if long < limits.min_width or short < limits.min_height:
        raise PoorImage([ImageQualityReason.TOO_SMALL])


def _decode(image: Image.Image, max_side: int) -> Image.Image:
    """Shrink first: turning and colours are then work on few pixels."""
    image.draft(image.mode, (max_side, max_side))
    image.load()
    orientation, profile = _orientation(image), image.info.get("icc_profile")
    if image.mode in {"P", "1"}:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    picture = _in_srgb(_opaque(image), profile)
    turn = _UPRIGHT.get(orientation)
    picture = picture if turn is None else picture.transpose(turn)
    picture.info = {}
    return picture


def _orientation(image: Image.Image) -> int:
    """EXIF's, 1 (upright) where there is none or it cannot be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return 1


def _opaque(image: Image.Image) -> Image.Image:
    """Without transparency: laid over white. Grey stays grey (its profile is one for grey)."""
    if image.mode not in {"RGBA", "LA"}:
        return image
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image.convert("RGBA"))
    return flat.convert("L" if image.mode == "LA" else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours by the embedded profile; one that does not fit the image is left aside."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, *_BROKEN):
            return image.convert("RGB")
        return converted or image.convert("RGB")
    return image.convert("RGB")


def _made_plain(picture: Image.Image, limits: PhotoSettings) -> UprightImage:
    small = picture.copy()
    small.thumbnail((limits.thumbnail_side, limits.thumbnail_side), Image.Resampling.LANCZOS)
    return UprightImage(
        jpeg=_encode(picture, limits.jpeg_quality),
        thumbnail=_encode(small, _THUMBNAIL_QUALITY),
        width=picture.width,
        height=picture.height,
    )


def _encode(image: Image.Image, quality: int) -> bytes:
    """JPEG of a picture whose ``info`` is empty: Pillow would write it out as metadata."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling="4:2:0" if quality < 90 else "4:4:4")
    return file.getvalue()


@contextmanager
def _broken_is_unsupported() -> Iterator[None]:
    try:
        yield
    except _BROKEN as broken:
        raise UnsupportedImage(f"cannot be read: {broken}", reason="unreadable") from broken
