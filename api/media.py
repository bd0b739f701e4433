"""Photos and overlays, by signed and short-lived urls."""

from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.admission import Admission
from api.callers import resources_of
from dupi.errors import NotFound, Unavailable
from dupi.signing import verify

_TYPES: Final = {".jpg": "image/jpeg", ".png": "image/png"}


class Media:
    """Objects of the photo storage, each held whole while it is read: counted among the requests
    that one process takes on at once."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def endpoint(self, request: Request) -> Response:
        """What is missing, expired or not signed by us is all one 404."""
        try:
            with self._admission.request(request.headers):
                return await _serve(request)
        except NotFound:
            return PlainTextResponse("not found", status_code=404)
        except Unavailable as away:
            headers = {"Retry-After": str(away.retry_after_seconds)}
            return PlainTextResponse("unavailable", status_code=503, headers=headers)


async def _serve(request: Request) -> Response:
    """Raises NotFound, Unavailable."""
    resources, key = resources_of(request), request.path_params["key"]
    lifetime = resources.settings.photos.url_lifetime_seconds
    query, kind = request.query_params, _TYPES.get(PurePosixPath(key).suffix)
    is_ours = verify(
        resources.settings.secret,
        key,
        expires=query.get("expires", ""),
        signature=query.get("signature", ""),
    )
    if not is_ours or kind is None:
        raise NotFound(f"no media {key}")
    data = await resources.storage.get(key)
    return Response(data, media_type=kind, headers=_headers(lifetime))


def _headers(seconds: int) -> dict[str, str]:
    """A private copy may stay with the person's browser for as long as the url would last."""
    return {
        "Cache-Control": f"private, max-age={seconds}, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
