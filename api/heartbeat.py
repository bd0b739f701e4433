"""A worker's sign of life: a file that its event loop touches, and what reads it.

The file holds the machine's monotonic clock, so that a clock which is set back or forth is no
silence. It is made once the worker is open for work and is gone when the worker has ended in good
order.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from dupi.logs import get_logger

BEAT_S: Final = 3.0
SILENT_AFTER_S: Final = 15.0

log = get_logger(__name__)


@asynccontextmanager
async def beating(file: Path | None) -> AsyncIterator[None]:
    """Touch ``file`` for as long as the body runs; ``None``: nobody asks."""
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    beats = asyncio.create_task(_beat(file))
    try:
        yield
    finally:
        beats.cancel()
        await asyncio.gather(beats, return_exceptions=True)
        remove_beat(file)


async def _beat(file: Path) -> None:
    while True:
        try:
            _write(file)
        except OSError as error:  # a full disk is no reason to stop working
            log.warning("heartbeat_not_written", error=str(error))
        await asyncio.sleep(BEAT_S)


def _write(file: Path) -> None:
    partial = file.with_name(f".{file.name}")
    partial.write_text(repr(time.monotonic()))
    partial.replace(file)


def remove_beat(file: Path | None) -> None:
    """What another run has left, say, is no beat of this one."""
    if file is not None:
        with suppress(OSError):
            file.unlink()


def silent_for(file: Path) -> float | None:
    """Seconds since the last beat; ``None`` where there is none, or one from before the machine
    started anew: its clock stood higher."""
    try:
        silence = time.monotonic() - float(file.read_text())
    except (OSError, ValueError):
        return None
    return silence if silence >= 0 else None
