"""Which part of the platform is ready, and what the others wait for.

Every part answers with a stable code for whoever asks; the cause, which may name hosts and files,
is for the log alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Final

from pymongo.errors import PyMongoError

from dupi.adapters.triton import ModelServer
from dupi.clock import utc_now
from dupi.concurrency import all_of
from dupi.errors import DupiError, Unavailable
from dupi.logs import get_logger
from dupi.operations.advisors import refuse_other_version, refuse_unfit
from dupi.operations.applying import serves
from dupi.operations.deployments import find_live_deployment, get_live_deployment
from dupi.operations.models import Deployment
from dupi.store import ping

if TYPE_CHECKING:
    from dupi.resources import Resources

_LOOK_S: Final = 5.0
_PINNED_WITHIN: Final = timedelta(seconds=10)

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

    async def advisor() -> None:
        live = await find_live_deployment()
        identity = await resources.advisors.at(live and live.advisor.endpoint).identity()
        try:
            if live:
                refuse_other_version(live.advisor, identity)
            refuse_unfit(identity)
        except Unavailable as other:
            raise _NotYet(str(other)) from other

    servers = [
        _look(f"classifiers-{number}", partial(_at_live_deployment, server), required=False)
        for number, server in enumerate(resources.model_servers, start=1)
    ]
    store, storage, spoken, *classifiers = await all_of(
        [
            _look("store", lambda: ping(resources.database)),
            _look("storage", resources.storage.check),
            _look("advisor", advisor, required=False),
            *servers,
        ]
    )
    each = classifiers if len(classifiers) > 1 else []
    return [store, storage, _together(classifiers), *each, spoken]


async def _at_live_deployment(server: ModelServer) -> None:
    """One that went live just now is pinned in a moment: until then the one before serves."""
    live = await get_live_deployment()
    if await serves(server, live):
        return
    is_new = live.live_at and utc_now() - live.live_at < _PINNED_WITHIN
    before = await Deployment.get(live.previous_id) if is_new and live.previous_id else None
    if before is None or not await serves(server, before):
        raise _NotYet(f"Triton is not at deployment {live.number} yet")


def _together(servers: Sequence[PartState]) -> PartState:
    """One server at the live deployment is enough: whoever classifies goes round those that are."""
    best = next((one for one in servers if one.is_ready), servers[0])
    return replace(best, name="classifiers", required=True)


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
