"""A client of the public API: the documents of ``frontend-contract/operations``, over HTTP,
multipart and ``graphql-transport-ws``. It knows the API as any client does, and nothing else.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from gql import Client, FileVar, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from api.local_stack.paths import ROOT

OPERATIONS: Final = ROOT / "frontend-contract" / "operations"
_TIMEOUT_SECONDS: Final = 60.0
_TLS: Final = httpx.create_ssl_context()
"""Made once: reading the certificates takes longer than most requests."""

Answer = dict[str, Any]


class Refused(Exception):
    """The API answered with a member of the result union that is an error: one clear line."""

    def __init__(self, operation: str, error: Answer) -> None:
        known = ("__typename", "code", "message")
        rest = {name: value for name, value in error.items() if name not in known}
        details = f" {rest}" if rest else ""
        super().__init__(f"{operation}: {error['message']} ({error['code']}{details})")
        self.operation = operation
        self.error = error


@cache
def _document(operation: str) -> str:
    return (OPERATIONS / f"{operation}.graphql").read_text()


class ApiClient:
    """One caller. ``token`` is an access token, or empty for an anonymous caller."""

    def __init__(self, base_url: str, *, token: str = "", locale: str = "ko") -> None:
        self.base_url = base_url.rstrip("/")
        self.token = token
        self._locale = locale

    def with_token(self, token: str) -> "ApiClient":
        return ApiClient(self.base_url, token=token, locale=self._locale)

    async def query(self, operation: str, **variables: Any) -> Any:
        """The one field that ``operation`` asks for."""
        transport = HTTPXAsyncTransport(
            f"{self.base_url}/graphql",
            headers=self._headers(),
            timeout=_TIMEOUT_SECONDS,
            verify=_TLS,
        )
        request = GraphQLRequest(_document(operation), variable_values=variables)
        async with Client(transport=transport, execute_timeout=None) as session:
            return _only(await session.execute(request, upload_files=_has_file(variables)))

    async def mutate(self, operation: str, **fields: Any) -> Answer:
        """The payload of mutation ``operation``. Raises :class:`Refused` on a UserError."""
        result: Answer = await self.query(operation, input=fields)
        if not result["__typename"].endswith("Payload"):
            raise Refused(operation, result)
        return result

    async def upload(self, photo: Path, site: str, *, key: str | None = None) -> Answer:
        """Upload ``photo`` by multipart; the API's photo. ``key``: for doing it once for sure."""
        with photo.open("rb") as file:
            part = FileVar(file, filename=photo.name)
            result = await self.mutate("UploadPhoto", file=part, site=site, idempotencyKey=key)
        photo_of_api: Answer = result["photo"]
        return photo_of_api

    async def follow(self, analysis_id: str, *, after: int = 0) -> AsyncGenerator[Answer, None]:
        """Events of an analysis with a greater sequence than ``after``, until it has ended."""
        request = GraphQLRequest(
            _document("AnalysisProgress"), variable_values={"id": analysis_id, "after": after}
        )
        async with self._socket() as session:
            async for answer in session.subscribe(request):
                yield _only(answer)

    async def download(self, url: str) -> bytes:
        """What a signed url gives."""
        async with httpx.AsyncClient(
            base_url=self.base_url, timeout=_TIMEOUT_SECONDS, verify=_TLS
        ) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            return answer.content

    @asynccontextmanager
    async def _socket(self) -> AsyncIterator[Any]:
        address = self.base_url.replace("http", "ws", 1)
        transport = WebsocketsTransport(
            f"{address}/graphql",
            init_payload=self._credentials(),
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        async with Client(transport=transport, execute_timeout=None) as session:
            yield session

    def _credentials(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def _headers(self) -> Mapping[str, str]:
        return {"Accept-Language": self._locale, **self._credentials()}


def _only(answer: Answer) -> Any:
    (value,) = answer.values()
    return value


def _has_file(variables: Mapping[str, Any]) -> bool:
    fields = variables.get("input")
    return isinstance(fields, dict) and any(isinstance(v, FileVar) for v in fields.values())
