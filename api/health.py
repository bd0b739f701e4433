"""Whether the process lives, whether its parts are ready, and what it counts."""

import asyncio
import time
from hmac import compare_digest
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.callers import bearer_token, resources_of
from dupi.errors import Unauthenticated
from dupi.logs import get_logger
from dupi.operations.readiness import PartState, readiness
from dupi.resources import Resources

_REMEMBERED_S: Final = 1.0

log = get_logger(__name__)


class Readiness:
    """What every part says, asked by one caller at a time and remembered for a second.

    Anyone may ask, as often as they like: the back ends notice nothing of it. Causes go to the
    log, when they change.
    """

    def __init__(self) -> None:
        self._look: asyncio.Task[list[PartState]] | None = None
        self._stale_at = 0.0
        self._causes: dict[str, str | None] = {}

    async def endpoint(self, request: Request) -> Response:
        """503 while a required part is missing; ``degraded`` where only one with a stand-in is."""
        parts = await self.parts(resources_of(request))
        is_ready = all(part.is_ready for part in parts if part.required)
        is_whole = all(part.is_ready for part in parts)
        status = "ready" if is_whole else "degraded" if is_ready else "not_ready"
        body = {"status": status, "parts": {part.name: _shown(part) for part in parts}}
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def parts(self, resources: Resources) -> list[PartState]:
        look = self._look
        if look is None or (look.done() and time.monotonic() >= self._stale_at):
            look = self._look = asyncio.create_task(self._ask(resources))
        return await asyncio.shield(look)  # whoever leaves takes the answer from nobody

    async def _ask(self, resources: Resources) -> list[PartState]:
        parts = await readiness(resources)
        self._stale_at = time.monotonic() + _REMEMBERED_S
        for part in parts:
            if self._causes.get(part.name) != part.cause:
                log.info("readiness", part=part.name, waits_for=part.waits_for, cause=part.cause)
            self._causes[part.name] = part.cause
        return parts


def _shown(part: PartState) -> dict[str, object]:
    return {"ready": part.is_ready, "required": part.required, "waitsFor": part.waits_for}


async def live(_: Request) -> Response:
    return JSONResponse({"status": "live"})


async def metrics(request: Request) -> Response:
    """For those who run the platform: to all others, nothing is there."""
    if not _may_see_metrics(request):
        return PlainTextResponse("Not Found", status_code=404)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _may_see_metrics(request: Request) -> bool:
    """Settings alone decide it: whoever calls can write any header, and come from any address."""
    settings = resources_of(request).settings
    wanted = settings.api.metrics_token
    if wanted is None:
        return settings.is_on_loopback
    try:
        given = bearer_token(request.headers.get("authorization")) or ""
    except Unauthenticated:
        return False
    return compare_digest(given.encode(), wanted.get_secret_value().encode())
