"""How things went on a running stack: an analysis that should have completed, and a stack that
should be at rest again. Where they did not, the message holds what the logs end with.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final

import numpy as np

from api.local_stack.demo.client import Answer
from api.local_stack.plan import STORE, TRITON
from api.local_stack.stack import Part, Stack
from dupi.adapters.triton import open_triton
from dupi.errors import DupiError
from dupi.vision.contract import INPUT_SIZE

_LOG_LINES: Final = 25
_UP_WITHIN_S: Final = 300.0
_REST_WITHIN_S: Final = 120.0
_CLASSIFY_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.5


def check_completed(analysis: Answer, *stacks: Stack) -> None:
    """``analysis``: as its query or its last event tells it; ``stacks``: whoever took part."""
    if analysis["status"] != "COMPLETED":
        told = f"{analysis['status']}: {analysis.get('failure')}"
        raise AssertionError(f"the analysis is {told}\n{log_tails(*stacks)}")


def log_tails(*stacks: Stack) -> str:
    """What the logs of Triton, vLLM, webs and workers end with."""
    return "\n\n".join(tail for stack in stacks for tail in _tails(stack))


def _tails(stack: Stack) -> Iterator[str]:
    for part in stack.parts.values():
        if part.process and part.plan.name != STORE:
            yield f"{part.process.log} ends with:\n{part.process.log_tail(_LOG_LINES)}"


async def until_at_rest(stack: Stack) -> None:
    """Return once every part is well and a plain photo is classified.

    Triton's queues are first in, first out: whoever is classified waited for all before. Raises
    AssertionError that says what does not come to rest; a Triton that is to blame is started anew
    before that, for those who come next.
    """
    await until_well(stack)
    if trouble := await _that_stays(partial(_trouble_of_triton, stack), _REST_WITHIN_S):
        tails = log_tails(stack)
        await _start_anew(stack, TRITON)
        raise AssertionError(f"{trouble}; it was started anew\n{tails}")


async def until_well(stack: Stack) -> None:
    """Return once every part is. Raises AssertionError."""
    if trouble := await _that_stays(partial(_trouble_of_any, stack), _UP_WITHIN_S):
        raise AssertionError(f"{trouble}\n{log_tails(stack)}")


async def _that_stays(look: Callable[[], Awaitable[str]], seconds: float) -> str:
    """What is wrong for so long; nothing where it is well before."""
    trouble = "nothing was looked at in time"
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while trouble := await look():  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY_S)
    return trouble


async def _trouble_of_any(stack: Stack) -> str:
    """One line on the first part that is not well."""
    for part in stack.parts.values():
        if trouble := await _trouble_of(part):
            return trouble
    return ""


async def _trouble_of(part: Part) -> str:
    if part.process and part.process.exit_status is not None:
        return f"{part.plan.title} ended with status {part.process.exit_status}"
    health = await part.plan.check()
    return "" if health.is_up else f"{part.plan.title} is not well: {health.detail}"


async def _trouble_of_triton(stack: Stack) -> str:
    photo = np.full((INPUT_SIZE, INPUT_SIZE, 3), 127, dtype=np.uint8)
    async with open_triton(
        stack.plan.endpoint(TRITON), control_timeout=5, load_timeout=60
    ) as client:
        try:
            await client.classify(photo, timeout=_CLASSIFY_S)
        except DupiError as away:
            return f"Triton classifies nothing: {away!r}"
    return ""


async def _start_anew(stack: Stack, name: str) -> None:
    if stack.parts[name].plan.launch:
        await stack.stop_part(name)
        await stack.start_part(name)
