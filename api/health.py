"""Whether the process lives, whether its parts are ready, and what it counts."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.callers import resources_of
from dupi.operations.readiness import PartState, readiness


async def live(_: Request) -> Response:
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """503 while a required part is missing; ``degraded`` where only a part with a stand-in is."""
    parts = await readiness(resources_of(request))
    is_ready = all(part.is_ready for part in parts if part.required)
    is_whole = all(part.is_ready for part in parts)
    status = "ready" if is_whole else "degraded" if is_ready else "not_ready"
    body = {"status": status, "parts": {part.name: _shown(part) for part in parts}}
    return JSONResponse(body, status_code=200 if is_ready else 503)


def _shown(part: PartState) -> dict[str, object]:
    return {"ready": part.is_ready, "required": part.required, "waitsFor": part.waits_for}


async def metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
