"""What it costs to say no: documents that ask for too much, files that were made to harm."""

import io
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from PIL import Image

from api.worker import keep_startup_objects
from dupi.errors import PoorImage, UnsupportedImage
from dupi.settings import PhotoSettings
from dupi.vision.images import read_photo
from tests.bench.figures import Figure, Row, Table
from tests.bench.rig import Rig
from tests.bench.timing import interleaved
from tests.schema.test_limits import REFUSED, chain, refusal
from tests.support.photos import encoded, png_of_header, scalp_picture

_MS: Final = "processor ms"
_REPEATS_EACH: Final = 2
_DOCUMENT_NOTES: Final = (
    "In this process, from the text to the coded error. At most 50 ms is wanted.",
)
_IMAGE_NOTES: Final = (
    "One thread of the pool, from the bytes to the refusal. At most 300 ms is wanted.",
)


async def measure(rig: Rig) -> list[Table]:
    repeats = rig.scale.repeats * _REPEATS_EACH
    keep_startup_objects()  # as web does
    documents = {name: partial(_document, text) for name, text in _documents().items()}
    images = {name: partial(_image, data) for name, data in _images().items()}
    return [
        await _table("Refusing a document", documents, repeats, _DOCUMENT_NOTES),
        await _table("Refusing an image", images, repeats, _IMAGE_NOTES),
    ]


async def _table(
    title: str,
    refused: Mapping[str, Callable[[], Awaitable[float]]],
    repeats: int,
    notes: tuple[str, ...],
) -> Table:
    spent = await interleaved(refused, repeats=repeats)
    rows = [Row(name, {_MS: Figure.of(values)}) for name, values in spent.items()]
    return Table(title, sorted(rows, key=lambda row: -row.figures[_MS].median), notes)


def _documents() -> dict[str, str]:
    """Those that the tests refuse, and some more of the same kinds."""
    known = {name: document for name, (document, _) in REFUSED.items()}
    return known | {"49 fragments that double": chain(49)}


async def _document(text: str) -> float:
    """Milliseconds of processor time; raises ``AssertionError`` where it is not refused."""
    started = time.thread_time()
    assert (await refusal(text))["code"]
    return 1000 * (time.thread_time() - started)


def _images() -> dict[str, bytes]:
    large = encoded(scalp_picture(4000, 3000), quality=92)
    return {
        "50,000 × 50,000 in a PNG's header": png_of_header(50_000, 50_000),
        "40 megapixels of black, 40 kB": encoded(Image.new("RGB", (8000, 5000)), "PNG"),
        "39 megapixels, blurred JPEG": encoded(_blurred(7800, 5000), quality=90),
        "12 megapixels, JPEG cut in half": large[: len(large) // 2],
        "12 megapixels, JPEG cut at its end": large[:-1000],
        "an animation of 100 frames": _animation(100),
        "not an image, 15 MB": b"\x89PNG\r\n\x1a\n" + bytes(15_000_000),
    }


def _blurred(width: int, height: int) -> Image.Image:
    return scalp_picture(64, 48).resize((width, height), Image.Resampling.BICUBIC)


def _animation(frames: int) -> bytes:
    file = io.BytesIO()
    pictures = [scalp_picture(640, 480, seed=number) for number in range(frames)]
    pictures[0].save(file, "WEBP", save_all=True, append_images=pictures[1:], quality=20)
    return file.getvalue()


async def _image(data: bytes) -> float:
    started = time.thread_time()
    try:
        read_photo(data, PhotoSettings())
    except (UnsupportedImage, PoorImage):
        return 1000 * (time.thread_time() - started)
    raise AssertionError("an image was taken that is to be refused")
