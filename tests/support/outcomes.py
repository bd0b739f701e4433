"""How things went on a running stack: an analysis that should have completed, and a stack that
should be at rest again. Where they did not, the message holds what the logs end with.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

import numpy as np

from api.local_stack.demo.client import Answer
from api.local_stack.plan import STORE, TRITON
from api.local_stack.stack import Part, Stack
from dupi.adapters.triton import open_triton
from dupi.errors import DupiError
from dupi.vision.contract import INPUT_SIZE

_LOG_LINES: Final = 25
_REST_WITHIN_S: Final = 300.0
_CLASSIFY_S: Final = 60.0
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
    AssertionError that says what does not come to rest.
    """
    missing = ""
    try:
        async with asyncio.timeout(_REST_WITHIN_S):
            while missing := await _what_is_missing(stack):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise AssertionError(
            f"not at rest within {_REST_WITHIN_S:.0f} s: {missing}\n{log_tails(stack)}"
        ) from None


async def _what_is_missing(stack: Stack) -> str:
    """One line on whoever is not well; nothing where all are."""
    for part in stack.parts.values():
        if trouble := await _trouble_of(part):
            return trouble
    try:
        await _classify_a_plain_photo(stack.plan.endpoint(TRITON))
    except DupiError as away:
        return f"Triton classifies nothing: {away!r}"
    return ""


async def _trouble_of(part: Part) -> str:
    if part.process and part.process.exit_status is not None:
        return f"{part.plan.title} ended with status {part.process.exit_status}"
    health = await part.plan.check()
    return "" if health.is_up else f"{part.plan.title} is not well: {health.detail}"


async def _classify_a_plain_photo(triton: str) -> None:
    photo = np.full((INPUT_SIZE, INPUT_SIZE, 3), 127, dtype=np.uint8)
    async with open_triton(triton, control_timeout=5, load_timeout=60) as client:
        await client.classify(photo, timeout=_CLASSIFY_S)
