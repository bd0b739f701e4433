"""The web side for tests: the real app over the real store, called as clients call it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.main import create_app, web_server
from dupi.resources import Resources
from tests.support.patience import HANGS_AFTER_S

OPERATIONS: Final = Path(__file__).parents[2] / "frontend-contract" / "operations"
PASSWORD: Final = "correct horse battery staple"
UPLOAD_HEADERS: Final = {"X-Requested-With": "tests"}
SURVEY: Final[dict[str, Any]] = {
    "shampooFrequency": "ONCE_A_DAY",
    "permFrequency": "NEVER",
    "dyeFrequency": "ONE_TO_THREE_A_YEAR",
    "hairState": "NATURAL",
    "products": ["SHAMPOO"],
    "wantsCustomCare": True,
    "purchasePriority": "LOW_IRRITATION",
    "symptoms": [],
}


def operation(name: str) -> str:
    """One of the documents that clients send."""
    return (OPERATIONS / f"{name}.graphql").read_text("utf-8")


def app_over(resources: Resources) -> Starlette:
    """The app on resources that are open already, without workers."""
    app = create_app(resources.settings)
    app.state.resources = resources
    return app


@dataclass
class Caller:
    """Someone with an HTTP client, signed in or not."""

    http: httpx.AsyncClient
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def authorised(self) -> dict[str, str]:
        return self.headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post("/graphql", json=body, headers=self.authorised() | headers)

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a document."""
        response = await self.post({"query": document, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, document: str, **variables: Any) -> dict[str, Any]:
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def run(self, name: str, **variables: Any) -> Any:
        """What the only root field of a client's operation answers."""
        [value] = (await self.data(operation(name), **variables)).values()
        return value

    async def code(self, document: str, **variables: Any) -> str:
        """Code of the only top-level error."""
        [error] = (await self.ask(document, **variables))["errors"]
        assert error["extensions"]["requestId"]
        return str(error["extensions"]["code"])

    async def upload(self, data: bytes, site: str = "CROWN", **more: Any) -> Any:
        answer = await self.send_form(
            {
                "query": operation("UploadPhoto"),
                "variables": {"input": {"file": None, "site": site, **more}},
            },
            {"0": ["variables.input.file"]},
            {"0": data},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["uploadPhoto"]

    async def send_form(
        self, operations: Any, places: Any, files: dict[str, bytes], **headers: str
    ) -> httpx.Response:
        return await self.http.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps(places)},
            files={name: (f"{name}.jpg", data, "image/jpeg") for name, data in files.items()},
            headers=self.authorised() | UPLOAD_HEADERS | headers,
        )

    async def sign_up(self, email: str = "mina@example.com", **changes: Any) -> Any:
        form = {"email": email, "password": PASSWORD, "nickname": "미나", "birthYear": 1991}
        signed_up = await self.run("SignUp", input=form | changes)
        if signed_up["__typename"] == "SignUpPayload":
            self.token = signed_up["tokens"]["accessToken"]
        return signed_up

    async def consent(self) -> Any:
        [document] = [
            found
            for found in await self.run("ConsentDocuments")
            if found["kind"] == "SENSITIVE_DATA"
        ]
        given = {"kind": document["kind"], "documentVersion": document["version"]}
        return await self.run("GrantConsent", input=given)


@asynccontextmanager
async def caller(app: Starlette) -> AsyncIterator[Caller]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Caller(http)


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """``host:port`` of the app behind a real uvicorn, on a free port."""
    settings = app.state.resources.settings
    server = web_server(app, settings, port=0, lifespan="off", timeout_graceful_shutdown=1)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await serving


@dataclass
class WebSocket:
    """A graphql-transport-ws client that sends whatever it is told to.

    Waits for a frame for ``patience_s`` seconds at most.
    """

    wire: ClientConnection
    patience_s: float = HANGS_AFTER_S

    async def send(self, frame: Any) -> None:
        await self.wire.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def receive(self) -> Any:
        async with asyncio.timeout(self.patience_s):
            return json.loads(await self.wire.recv())

    async def close_code(self) -> int | None:
        """Why the server closed; frames before that are dropped."""
        async with asyncio.timeout(self.patience_s):
            await self.wire.wait_closed()
        return self.wire.close_code

    async def initialise(self, token: str | None = None) -> None:
        payload = {"authorization": f"Bearer {token}"} if token else {}
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, document: str, identity: str = "1", **variables: Any) -> None:
        payload = {"query": document, "variables": variables}
        await self.send({"id": identity, "type": "subscribe", "payload": payload})

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Data of the only root field of each ``next``, until ``complete``."""
        while (frame := await self.receive())["type"] == "next":
            assert "errors" not in frame["payload"], frame
            [value] = frame["payload"]["data"].values()
            yield value
        assert frame["type"] == "complete", frame


@asynccontextmanager
async def socket(address: str, **options: Any) -> AsyncIterator[WebSocket]:
    protocols = [Subprotocol("graphql-transport-ws")]
    url = f"ws://{address}/graphql"
    async with connect(url, subprotocols=protocols, **options) as wire:
        yield WebSocket(wire)
