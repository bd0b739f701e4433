"""Photos, overlays, reports and archives, by signed and short-lived urls."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.admission import Admission
from api.callers import address_of, resources_of
from api.responses import send_whole
from dupi.adapters.storage import PhotoStorage
from dupi.errors import NotFound, RateLimited, RetryLater
from dupi.reports.service import ReportKey, make_report
from dupi.resources import Resources
from dupi.signing import verify
from dupi.store import store_errors

_TYPES: Final = {".jpg": "image/jpeg", ".png": "image/png"}
_REPORT: Final = ".pdf"
_ARCHIVE: Final = ".zip"
_PIECE_BYTES: Final = 256 * 1024
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Media:
    """Objects of the photo storage, and reports made of them. Each is held whole until it has been
    sent, so they have places of their own: who reads them slowly takes none of GraphQL's. Archives
    go in pieces."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as places:
            response = await self._answer(Request(scope, receive), places)
            await send_whole(response, scope, receive, send)

    async def _answer(self, request: Request, places: ExitStack) -> Response:
        """What is missing, expired or not signed by us is all one 404."""
        try:
            places.enter_context(self._admission.download(address_of(request)))
            return await _serve(request)
        except NotFound:
            return PlainTextResponse("not found", status_code=404)
        except RetryLater as refused:
            headers = {"Retry-After": str(refused.retry_after_seconds)}
            status = 429 if isinstance(refused, RateLimited) else 503
            return PlainTextResponse(refused.code.lower(), status_code=status, headers=headers)


async def _serve(request: Request) -> Response:
    """Raises NotFound, RateLimited, Unavailable."""
    resources, key = resources_of(request), request.path_params["key"]
    query, kind = request.query_params, PurePosixPath(key).suffix
    is_ours = verify(
        resources.settings.secret,
        key,
        expires=query.get("expires", ""),
        signature=query.get("signature", ""),
    )
    if not is_ours or kind not in {*_TYPES, _REPORT, _ARCHIVE}:
        raise NotFound(f"no media {key}")
    if kind == _REPORT:
        return await _report(resources, ReportKey.parse(key))
    if kind == _ARCHIVE:
        return await _archive(resources.storage, key)
    data = await resources.storage.get(key)
    lifetime = resources.settings.photos.url_lifetime_seconds
    # A private copy may stay with the person's browser for as long as the url would last.
    headers = _HEADERS | {"Cache-Control": f"private, max-age={lifetime}, immutable"}
    return Response(data, media_type=_TYPES[kind], headers=headers)


async def _report(resources: Resources, key: ReportKey) -> Response:
    """Made anew each time, and kept nowhere. To be saved: the policy lets no viewer run here."""
    with store_errors():
        data = await make_report(resources, key)
    return Response(data, media_type="application/pdf", headers=_to_be_saved("dupi-report.pdf"))


async def _archive(storage: PhotoStorage, key: str) -> Response:
    size = await storage.size(key)
    headers = _to_be_saved("dupi-data.zip") | {"Content-Length": str(size)}
    pieces = _pieces(storage, key, size)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


async def _pieces(storage: PhotoStorage, key: str, size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, _PIECE_BYTES):
        yield await storage.get_range(key, start, min(_PIECE_BYTES, size - start))


def _to_be_saved(name: str) -> dict[str, str]:
    """Nobody keeps a copy on the way."""
    return _HEADERS | {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
