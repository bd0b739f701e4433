"""Clients of the real Triton that are gone while it works for them, as a killed worker is.

Their connections end with them, upon which Triton cancels what it has in hand of theirs.
"""

import asyncio
import random
from typing import Final
from urllib.parse import urlsplit

import numpy as np
import pytest

from dupi.adapters.triton import TritonClient, open_triton
from dupi.vision import contract as names
from tests.support.proxy import Proxy, running_proxy
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

_PHOTO = np.zeros((names.INPUT_SIZE, names.INPUT_SIZE, 3), dtype=np.uint8)
_GONE: Final = 30
_PATIENCE_S: Final = 60.0


async def _go_amid(proxy: Proxy, rng: random.Random) -> None:
    """A client with one to four photos in flight at all times, cut off at some moment."""
    async with open_triton(proxy.address, control_timeout=0.1, load_timeout=1) as client:
        asking = [asyncio.create_task(_ask_on(client)) for _ in range(rng.choice((1, 2, 4)))]
        await asyncio.sleep(rng.uniform(0.1, 0.5))
        proxy.cut()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def _ask_on(client: TritonClient) -> None:
    while True:
        await client.classify(_PHOTO, timeout=_PATIENCE_S)


async def test_clients_that_die_in_flight_leave_triton_at_work(stack: RunningStack) -> None:
    """Triton's own process lives on, and every head answers."""
    rng = random.Random(5)  # noqa: S311 to be repeatable
    triton = stack.control.parts["triton"].process
    assert triton
    program = triton.program_pids()
    port = urlsplit(f"//{stack.triton_url}").port
    assert port
    async with (
        running_proxy(port) as proxy,
        open_triton(stack.triton_url, control_timeout=5, load_timeout=5) as client,
    ):
        for _ in range(_GONE):
            await _go_amid(proxy, rng)
            said = await client.classify(_PHOTO, timeout=_PATIENCE_S)
            assert len(said.gradings) == len(names.HEADS)
    assert triton.program_pids() == program
