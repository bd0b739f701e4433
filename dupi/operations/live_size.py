"""Asking the classifiers at the size of the live deployment, also while another size goes live."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from dupi.adapters.triton import RequestRefused
from dupi.operations.applying import is_at
from dupi.operations.deployments import get_live_deployment

if TYPE_CHECKING:
    from dupi.resources import Resources

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0

T = TypeVar("T")


async def at_live_size(resources: "Resources", ask: Callable[[int], Awaitable[T]]) -> T:
    """What ``ask(side)`` answers, for a photo of ``side`` × ``side`` pixels.

    While a deployment of another size goes live, Triton may refuse the size that was live a moment
    ago, or not take the new one yet: then it is asked again. What is refused though every server is
    at the live deployment is a fault: RequestRefused. Raises Unavailable, and what ``ask`` raises.
    """
    was_settled, pause = False, _FIRST_PAUSE_S
    while True:
        live = await get_live_deployment()
        try:
            return await ask(live.input_size)
        except RequestRefused:
            if was_settled:
                raise
            was_settled = await is_at(resources, live.id)
        if not was_settled:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
