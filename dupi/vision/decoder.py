"""Work on images beside the event loop: bounded, with deadlines.

Uploads and analyses wait in queues of their own, so that a flood of uploads fails no analysis.
"""

from functools import partial

from dupi.bounded_pool import BoundedPool
from dupi.settings import PhotoSettings
from dupi.vision import images, overlay
from dupi.vision.images import Pixels, UprightImage, UprightPhoto

_ANALYSIS_QUEUE = 256


class ImageDecoder:
    """Every call may raise Unavailable: full, or too slow."""

    def __init__(self, settings: PhotoSettings) -> None:
        self._settings = settings
        self._uploads = self._pool("photo uploads", queue=settings.decode_queue)
        self._analyses = self._pool("photo analyses", queue=_ANALYSIS_QUEUE)

    async def read_photo(self, data: bytes) -> UprightPhoto:
        """Check and normalise an uploaded file. Raises UnsupportedImage, PoorImage."""
        return await self._uploads.run(partial(images.read_photo, data, self._settings))

    async def read_image(self, data: bytes) -> UprightImage:
        """As ``read_photo``, of an image that nobody grades. Raises UnsupportedImage."""
        return await self._uploads.run(partial(images.read_image, data, self._settings))

    async def model_input(self, jpeg: bytes, size: int) -> Pixels:
        """A stored photo as uint8 ``[size, size, 3]``."""
        return await self._analyses.run(partial(images.model_input, jpeg, size))

    async def attention_png(self, attention: overlay.Map, width: int, height: int) -> bytes:
        """An attention map ``[h, w]`` as a PNG with alpha of the photo's size."""
        return await self._analyses.run(partial(overlay.attention_png, attention, width, height))

    def close(self) -> None:
        self._uploads.close()
        self._analyses.close()

    def _pool(self, name: str, *, queue: int) -> BoundedPool:
        return BoundedPool(
            name,
            workers=self._settings.decode_workers,
            queue=queue,
            timeout_seconds=self._settings.decode_timeout_seconds,
        )
