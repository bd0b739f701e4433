"""What one process takes on at once is bounded: what is beyond is refused before it is read."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from websockets.exceptions import InvalidStatus

from api.admission import Admission, Room
from api.graphql import GraphQLApp
from dupi.errors import Unavailable
from dupi.resources import Resources
from tests.abuse.raw import Connection, connected, post, status, with_api
from tests.support.web import app_over, caller, operation, served, socket

BOUNDARY = "b"
FORM = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="operations"\r\n\r\n'
    + json.dumps({"query": operation("UploadPhoto"), "variables": {"input": None}})
    + f"\r\n--{BOUNDARY}\r\n"
).encode()
SIZE = 15_000_000


async def token_of(app: Starlette, name: str) -> str:
    """Access token of someone new."""
    async with caller(app) as person:
        await person.sign_up(f"{name}@example.com")
        return str(person.token)


def upload_head(token: str | None, **more: str) -> bytes:
    """The head of an upload of 15 MB, and the beginning of its body."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    given = {"Content_Type": kind, "Content_Length": str(SIZE), "X_Requested_With": "tests"}
    signed = {"Authorization": f"Bearer {token}"} if token else {}
    return post(FORM, **given, **signed, **more)


def without_body(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def admission_of(app: Starlette) -> Admission:
    [found] = {
        id(route.app): route.app  # type: ignore[attr-defined]
        for route in app.routes
        if isinstance(getattr(route, "app", None), GraphQLApp)
    }.values()
    admission: Admission = found.admission
    return admission


async def until(room: Room, taken: int) -> None:
    async with asyncio.timeout(60):
        while room.taken != taken:  # noqa: ASYNC110  (rooms tell nobody)
            await asyncio.sleep(0.01)


async def refusal_of(line: Connection, code: int = 503) -> dict[str, object]:
    """``extensions`` of such a status, with ``Retry-After`` where a time is told."""
    head = await line.head()
    assert status(head) == code, head
    [length] = [row for row in head.lower().split(b"\r\n") if row.startswith(b"content-length")]
    body = json.loads(await line.reader.readexactly(int(length.split(b":")[1])))
    shown: dict[str, object] = body["errors"][0]["extensions"]
    if code != 401:
        assert f"retry-after: {shown['retryAfterSeconds']}".encode() in head.lower()
    assert shown["requestId"]
    return shown


@asynccontextmanager
async def sending(web: str, *heads: bytes) -> AsyncIterator[list[Connection]]:
    """These requests under way, each stuck in the middle."""
    async with asyncio.TaskGroup() as group:
        leave = asyncio.Event()
        lines: list[Connection] = []

        async def upload(head: bytes) -> None:
            async with connected(web) as line:
                await line.send(head)
                lines.append(line)
                await leave.wait()

        for head in heads:
            group.create_task(upload(head))
        try:
            while len(lines) < len(heads):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            yield lines
        finally:
            leave.set()


async def test_uploads_beyond_the_bound_are_refused_before_they_are_read(
    parts: Resources,
) -> None:
    app = app_over(with_api(parts, uploads_at_once=2))
    admission = admission_of(app)
    heads = [upload_head(await token_of(app, person)) for person in ("a", "b", "c")]
    async with served(app) as web:
        async with sending(web, *heads[:2]):
            await until(admission.uploads, 2)
            async with connected(web) as line:
                await line.send(without_body(heads[2]))
                assert (await refusal_of(line))["code"] == "UNAVAILABLE"
            async with connected(web) as line:  # others are served meanwhile
                await line.send(post())
                assert status(await line.head()) == 200
        await until(admission.uploads, 0)
        async with sending(web, *heads[:2]):  # the places are free again
            await until(admission.uploads, 2)


async def test_requests_beyond_the_bound_are_refused(parts: Resources) -> None:
    app = app_over(with_api(parts, requests_at_once=2, trust_proxy=True))
    admission = admission_of(app)
    stuck = [post(Content_Length="100000", X_Forwarded_For=f"10.0.0.{n}") for n in (1, 2)]
    async with served(app) as web:
        async with sending(web, *stuck):
            await until(admission.requests, 2)
            async with connected(web) as line:
                await line.send(post(X_Forwarded_For="10.0.0.3"))
                assert (await refusal_of(line))["code"] == "UNAVAILABLE"
            async with httpx.AsyncClient() as http:  # whoever watches the process is answered
                assert (await http.get(f"http://{web}/health/live")).status_code == 200
        await until(admission.requests, 0)


async def test_media_beyond_the_bound_are_refused(parts: Resources) -> None:
    """They are held whole, so there is a bound; where it is reached, GraphQL goes on."""
    app = app_over(with_api(parts, downloads_at_once=1))
    async with caller(app) as anyone:
        with admission_of(app).downloads.place():
            refused = await anyone.http.get("/media/photos/a/b/original.jpg")
            assert await anyone.run("Conditions")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert (await anyone.http.get("/media/photos/a/b/original.jpg")).status_code == 404


async def test_sockets_beyond_the_bound_are_refused_at_the_handshake(parts: Resources) -> None:
    app = app_over(with_api(parts, streams_at_once=2))
    async with served(app) as web:
        async with socket(web) as one, socket(web) as two:
            await one.initialise()
            await two.initialise()
            with pytest.raises(InvalidStatus) as refused:
                async with socket(web):
                    pass
            answer = refused.value.response
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            shown = json.loads(answer.body or b"")["errors"][0]["extensions"]
            assert shown["code"] == "UNAVAILABLE"
        await until(admission_of(app).streams, 0)
        async with socket(web) as wire:
            await wire.initialise()


def test_many_large_uploads_at_once_hold_a_bounded_number(parts: Resources) -> None:
    """A hundred uploads of 15 MB come at once: as many are held as there are places."""
    admission = Admission(parts.settings.api)
    held, refused = [], 0
    for number in range(100):
        place = admission.request("10.0.0.1", uploader=f"person {number}")
        try:
            place.__enter__()
        except Unavailable as full:
            refused += 1
            assert full.retry_after_seconds > 0
        else:
            held.append(place)
    most = parts.settings.api.uploads_at_once
    assert (len(held), refused) == (most, 100 - most)
    assert admission.requests.taken == most  # a refused upload takes no place of a request
    for place in held:
        place.__exit__(None, None, None)
    assert (admission.uploads.taken, admission.requests.taken) == (0, 0)
