"""Calls of the public API with as little work of one's own as can be: whoever makes the load must
not be what is measured. Bodies are built once; follows share nothing with each other."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from api.local_stack.demo.client import OPERATIONS

_ANSWER_WITHIN_SECONDS: Final = 60.0
_BOUNDARY: Final = "dupi-load"
_POLL: Final = "query Poll($id: ID!) { analysis(id: $id) { status failure { code } } }"


@dataclass(frozen=True)
class Refusal:
    """An answer that says no; ``seconds``: how long it took to come."""

    step: str
    code: str
    retry_after: int | None
    seconds: float


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Broken(Exception):
    """No answer at all, or none that the contract knows."""


def photo_body(photo: Path, site: str) -> bytes:
    """A multipart upload of ``photo``, without an idempotency key: the same for everyone."""
    variables = {"input": {"file": None, "site": site}}
    operations = {"query": _document("UploadPhoto"), "variables": variables}
    parts = (
        ('name="operations"', json.dumps(operations).encode()),
        ('name="map"', b'{"0": ["variables.input.file"]}'),
        (f'name="0"; filename="{photo.name}"', photo.read_bytes()),
    )
    body = b"".join(
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
        for head, data in parts
    )
    return body + f"--{_BOUNDARY}--\r\n".encode()


class Wire:
    """One web, as many callers as there are; each call names whose token it carries."""

    def __init__(self, base_url: str) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=_ANSWER_WITHIN_SECONDS, limits=limits, trust_env=False
        )
        self._socket_url = f"{base_url.replace('http', 'ws', 1)}/graphql"

    async def close(self) -> None:
        await self._http.aclose()

    async def upload(self, token: str, body: bytes) -> str:
        """Id of the photo. Raises Refused, Broken."""
        headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        payload = await self._post("upload", token, body, headers | {"X-Requested-With": "load"})
        return str(payload["photo"]["id"])

    async def request(self, token: str, fields: dict[str, Any]) -> str:
        """Id of the analysis. Raises Refused, Broken."""
        asked = {"query": _document("RequestAnalysis"), "variables": {"input": fields}}
        payload = await self._post("request", token, *_as_json(asked))
        return str(payload["analysis"]["id"])

    async def poll(self, token: str, analysis_id: str) -> dict[str, Any]:
        """Its status and failure. Raises Refused, Broken."""
        asked = {"query": _POLL, "variables": {"id": analysis_id}}
        return await self._post("poll", token, *_as_json(asked))

    async def follow(self, token: str, analysis_id: str, after: int) -> AsyncGenerator[Any, None]:
        """Events after that number. Raises Refused, Broken."""
        began = time.monotonic()
        try:
            async with connect(
                self._socket_url,
                subprotocols=[Subprotocol("graphql-transport-ws")],
                open_timeout=_ANSWER_WITHIN_SECONDS,
                ping_interval=None,
                compression=None,
            ) as socket:
                async for event in _events(socket, token, {"id": analysis_id, "after": after}):
                    yield event
        except InvalidStatus as no:
            raise _refused_by_status("follow", no.response, began) from no
        except ConnectionClosed as closed:
            raise _refused_by_close(closed, began) from closed
        except (OSError, InvalidHandshake, TimeoutError) as failure:
            raise Broken(f"follow: {failure!r}") from failure

    async def _post(
        self, step: str, token: str, body: bytes, headers: dict[str, str]
    ) -> dict[str, Any]:
        """The only root field's value."""
        began = time.monotonic()
        signed = headers | {"Authorization": f"Bearer {token}"}
        try:
            answer = await self._http.post("/graphql", content=body, headers=signed)
        except httpx.HTTPError as failure:
            raise Broken(f"{step}: {failure!r}") from failure
        return _payload(step, answer, time.monotonic() - began)


def _as_json(asked: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    return json.dumps(asked).encode(), {"Content-Type": "application/json"}


def _payload(step: str, answer: httpx.Response, seconds: float) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        raise Broken(f"{step}: {answer.status_code} {answer.text[:100]!r}") from None
    if errors := told.get("errors"):
        raise _refused(step, errors[0].get("extensions") or {}, seconds)
    [value] = told["data"].values()
    if value is None:
        raise Broken(f"{step}: not found")
    if "code" in value:
        raise _refused(step, value, seconds)
    return dict(value)


def _refused(step: str, error: dict[str, Any], seconds: float) -> Refused:
    return Refused(Refusal(step, str(error.get("code")), error.get("retryAfterSeconds"), seconds))


def _refused_by_status(step: str, response: Any, began: float) -> Refused:
    after = response.headers.get("Retry-After")
    seconds, retry = time.monotonic() - began, int(after) if after else None
    return Refused(Refusal(step, f"HTTP {response.status_code}", retry, seconds))


def _refused_by_close(closed: ConnectionClosed, began: float) -> Exception:
    code = closed.rcvd.code if closed.rcvd else None
    if code in {1012, 1013, 4429}:  # restarts, is overloaded: come again
        return Refused(Refusal("follow", f"close {code}", 1, time.monotonic() - began))
    return Broken(f"follow: closed with {code}")


async def _events(socket: Any, token: str, variables: dict[str, Any]) -> AsyncGenerator[Any, None]:
    init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
    await socket.send(json.dumps(init))
    began = time.monotonic()
    async with asyncio.timeout(_ANSWER_WITHIN_SECONDS):
        await socket.recv()
    asked = {"query": _document("AnalysisProgress"), "variables": variables}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
    while True:
        frame = json.loads(await socket.recv())
        if frame["type"] == "complete":
            return
        if frame["type"] == "ping":
            await socket.send('{"type": "pong"}')
            continue
        payload = frame["payload"]
        errors = payload if frame["type"] == "error" else payload.get("errors")
        if errors:
            seconds = time.monotonic() - began
            raise _refused("follow", errors[0].get("extensions") or {}, seconds)
        yield payload["data"]["analysisProgress"]


def _document(name: str) -> str:
    if name not in _DOCUMENTS:
        _DOCUMENTS[name] = (OPERATIONS / f"{name}.graphql").read_text()
    return _DOCUMENTS[name]


_DOCUMENTS: Final[dict[str, str]] = {}
