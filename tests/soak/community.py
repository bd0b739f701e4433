"""A thousand mixed operations of eight people on the board, on a store of their own."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dupi.adapters.storage import FolderStorage
from tests.community.conftest import MANY
from tests.community.mixed import Mixture, run
from tests.support.store import fresh_resources, running_store, settings_for_tests

_OPERATIONS = 1000

Say = Callable[[str], None]


async def run_long(seed: int, *, state: Path, say: Say) -> Mixture:
    await asyncio.to_thread(state.mkdir, parents=True, exist_ok=True)
    with running_store(state) as url:
        settings = settings_for_tests(url, state, community=MANY.model_dump())
        async with fresh_resources(settings) as opened:
            storage = FolderStorage.at(str(state / "objects"), timeout_seconds=5)
            say(f"{_OPERATIONS} operations begin")
            board = replace(opened, storage=storage)
            return await run(board, operations=_OPERATIONS, seed=seed)
