"""The decoder works beside the loop, refuses what it has no room for, and keeps its deadline."""

import asyncio
import threading
import time

import numpy as np
import pytest

from dupi.bounded_pool import BoundedPool
from dupi.errors import Unavailable, UnsupportedImage
from dupi.settings import PhotoSettings
from dupi.vision.decoder import ImageDecoder
from tests.support.photos import decoded, photo_bytes


async def test_everything_through_the_decoder() -> None:
    decoder = ImageDecoder(PhotoSettings())
    photo = await decoder.read_photo(photo_bytes())
    assert (await decoder.model_input(photo.jpeg, 160)).shape == (160, 160, 3)
    png = await decoder.attention_png(np.ones((10, 10), np.float32), photo.width, photo.height)
    assert decoded(png).size == (640, 480)
    with pytest.raises(UnsupportedImage):
        await decoder.read_photo(b"")
    decoder.close()


async def test_full_is_refused_at_once_and_room_comes_back() -> None:
    pool, gate = BoundedPool("pool", workers=1, queue=2, timeout_seconds=5), threading.Event()
    waiting = [asyncio.create_task(pool.run(gate.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="full") as refused:
        await pool.run(gate.wait)
    assert time.monotonic() - began < 0.1
    assert refused.value.retry_after_seconds >= 1
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await pool.run(lambda: 7) == 7
    pool.close()


async def test_too_slow_is_refused_and_keeps_its_place_until_it_is_through() -> None:
    pool, gate = BoundedPool("pool", workers=1, queue=1, timeout_seconds=0.05), threading.Event()
    with pytest.raises(Unavailable, match="too slow"):
        await pool.run(gate.wait)
    with pytest.raises(Unavailable, match="too slow"):
        await pool.run(lambda: "never begins")
    held = asyncio.create_task(pool.run(lambda: "waits"))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="full"):
        await pool.run(lambda: "no place")
    gate.set()
    assert await held == "waits"
    pool.close()


async def test_the_loop_goes_on_meanwhile() -> None:
    decoder, ticks = ImageDecoder(PhotoSettings()), 0
    work = asyncio.create_task(decoder.read_photo(photo_bytes(2000, 1500)))
    while not work.done():
        await asyncio.sleep(0.005)
        ticks += 1
    await work
    assert ticks > 3
    decoder.close()


async def test_failures_come_through() -> None:
    pool = BoundedPool("pool", workers=1, queue=1, timeout_seconds=5)

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await pool.run(fail)
    pool.close()
