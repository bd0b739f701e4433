"""Which part of the platform is ready, and what the others wait for.

Every part answers with a stable code for whoever asks; the cause, which may name hosts and files,
is for the log alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pymongo.errors import PyMongoError

from dupi.concurrency import all_of
from dupi.errors import DupiError
from dupi.logs import get_logger
from dupi.operations.service import get_live_deployment, is_applied
from dupi.store import ping

if TYPE_CHECKING:
    from dupi.resources import Resources

_LOOK_S: Final = 5.0

log = get_logger(__name__)


class WaitsFor(StrEnum):
    """Why a part is not ready."""

    UNAVAILABLE = "UNAVAILABLE"
    """It does not answer, or says that it cannot."""
    TIMEOUT = "TIMEOUT"
    """It did not answer in time."""
    DEPLOYMENT = "DEPLOYMENT"
    """It is being brought to the live deployment."""
    FAULT = "FAULT"
    """Ours: the log says more."""


@dataclass(frozen=True, slots=True)
class PartState:
    """``waits_for`` and ``cause`` are absent where the part is ready.

    A part that is not ``required`` has a stand-in: without the advisor, the rules write.
    """

    name: str
    required: bool
    waits_for: WaitsFor | None = None
    cause: str | None = None

    @property
    def is_ready(self) -> bool:
        return self.waits_for is None


async def readiness(resources: "Resources") -> list[PartState]:
    """Every part, looked at just now, each within its own deadline. Never raises."""

    async def classifiers() -> None:
        deployment = await get_live_deployment()
        if not await is_applied(resources, deployment):
            raise _NotYet(f"Triton is not at deployment {deployment.number} yet")

    async def advisor() -> None:
        await resources.advisor.identity()

    return await all_of(
        [
            _look("store", lambda: ping(resources.database)),
            _look("storage", resources.storage.check),
            _look("classifiers", classifiers),
            _look("advisor", advisor, required=False),
        ]
    )


class _NotYet(DupiError):
    """A part is being prepared."""


async def _look(
    name: str, look: Callable[[], Awaitable[object]], *, required: bool = True
) -> PartState:
    try:
        async with asyncio.timeout(_LOOK_S):
            await look()
    except _NotYet as preparing:
        return PartState(name, required, WaitsFor.DEPLOYMENT, str(preparing))
    except (DupiError, PyMongoError) as error:
        return PartState(name, required, WaitsFor.UNAVAILABLE, str(error))
    except TimeoutError:
        return PartState(name, required, WaitsFor.TIMEOUT, f"no answer within {_LOOK_S} s")
    except Exception as error:
        log.exception("readiness_failed", part=name)
        return PartState(name, required, WaitsFor.FAULT, repr(error))
    return PartState(name, required)
