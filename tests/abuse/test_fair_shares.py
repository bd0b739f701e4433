"""Who is slow, or wants all at once, takes nothing away from the others."""

import asyncio
from datetime import timedelta
from typing import Any

import jwt
import pytest

from api.admission import PersonalRoom
from dupi.accounts.tokens import _key, issue_access_token
from dupi.clock import utc_now
from dupi.resources import Resources
from dupi.signing import signed_path
from tests.abuse.raw import connected, deaf_socket, post, status, with_api
from tests.abuse.test_admission import (
    admission_of,
    refusal_of,
    sending,
    token_of,
    until,
    upload_head,
    without_body,
)
from tests.support.patience import HANGS_AFTER_S
from tests.support.web import Caller, app_over, caller, served

MEDIA = "photos/a/b/original.jpg"


def strangers_token(parts: Resources, kind: str) -> str | None:
    """A token that does not hold."""
    token = issue_access_token(parts.settings, user_id="a", session_id="b").text
    claims, key = jwt.decode(token, options={"verify_signature": False}), _key(parts.settings)
    changed: dict[str, Any] = {
        "expired": {"exp": utc_now() - timedelta(hours=1)},
        "another audience": {"aud": "else"},
        "another issuer": {"iss": "else"},
    }
    if kind in changed:
        return jwt.encode(claims | changed[kind], key, algorithm="HS256")
    return {"none": None, "nonsense": "x", "forged": jwt.encode(claims, b"x" * 32)}[kind]


@pytest.mark.parametrize(
    "kind", ["none", "nonsense", "forged", "expired", "another audience", "another issuer"]
)
async def test_who_has_no_valid_token_takes_no_place_of_uploads(
    parts: Resources, kind: str
) -> None:
    """Refused by the head alone: however many send slowly, nobody waits for them."""
    head = upload_head(strangers_token(parts, kind))
    app = app_over(with_api(parts, uploads_at_once=1))
    async with served(app) as web, sending(web, *[head] * 12) as lines:
        for line in lines:
            assert (await refusal_of(line, 401))["code"] == "UNAUTHENTICATED"
        assert admission_of(app).uploads.taken == 0
        async with connected(web) as line:
            await line.send(without_body(head))
            assert (await refusal_of(line, 401))["code"] == "UNAUTHENTICATED"


async def test_one_person_takes_few_places_of_uploads(
    parts: Resources, mina: Caller, photo: bytes
) -> None:
    app = app_over(with_api(parts, uploads_at_once=4))
    greedy = upload_head(await token_of(app, "greedy"))
    async with served(app) as web, sending(web, *[greedy] * 3):
        await until(admission_of(app).uploads, 3)
        async with connected(web) as line:
            await line.send(without_body(greedy))
            assert (await refusal_of(line, 429))["code"] == "RATE_LIMITED"
        async with caller(app) as other:
            other.token = mina.token
            assert (await other.upload(photo))["photo"]["id"]


async def test_one_address_takes_half_of_the_requests(parts: Resources) -> None:
    app = app_over(with_api(parts, requests_at_once=4, trust_proxy=True))
    stuck = post(Content_Length="100000", X_Forwarded_For="10.0.0.1")
    async with served(app) as web, sending(web, stuck, stuck):
        await until(admission_of(app).requests, 2)
        async with connected(web) as line:
            await line.send(post(X_Forwarded_For="10.0.0.1"))
            assert (await refusal_of(line, 429))["code"] == "RATE_LIMITED"
        async with connected(web) as line:
            await line.send(post(X_Forwarded_For="10.0.0.2"))
            assert status(await line.head()) == 200


async def test_slow_readers_of_media_are_counted_until_all_is_sent(parts: Resources) -> None:
    app = app_over(with_api(parts, downloads_at_once=2, requests_at_once=2))
    await parts.storage.put(MEDIA, b"x" * 20_000_000)
    path = signed_path(parts.settings.secret, MEDIA, utc_now() + timedelta(minutes=5))
    request, loop = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), asyncio.get_running_loop()
    async with served(app) as web, asyncio.timeout(60):
        with deaf_socket(web) as peer:
            await loop.sock_sendall(peer, request)
            assert status(await loop.sock_recv(peer, 16)) == 200
            async with connected(web) as line:  # GraphQL has all of its places
                await line.send(post())
                assert status(await line.head()) == 200
                await line.send(request)
                answers = await line.reader.readuntil(b"rate_limited")
            assert b"HTTP/1.1 429" in answers
            assert b"retry-after" in answers.lower()
            assert admission_of(app).downloads.taken == 1
        await until(admission_of(app).downloads, 0)


@pytest.mark.parametrize("media", [False, True], ids=["GraphQL", "media"])
async def test_a_place_is_kept_until_the_answer_has_been_sent(
    parts: Resources, media: bool
) -> None:
    app = app_over(parts)
    admission = admission_of(app)
    room = admission.downloads if media else admission.requests
    sending, leave = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"query": "{ conditions { name } }"}'}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sending.set()
            await leave.wait()

    scope = {
        "type": "http",
        "method": "GET" if media else "POST",
        "path": f"/media/{MEDIA}" if media else "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "client": ("10.0.0.1", 1),
    }
    async with asyncio.timeout(HANGS_AFTER_S):
        answering = asyncio.create_task(app(scope, receive, send))
        await sending.wait()
        assert room.taken == 1
        leave.set()
        await answering
    assert room.taken == 0


def test_places_of_a_person_come_back() -> None:
    room = PersonalRoom("places", 1)
    for _ in range(3):
        with room.place("a"), room.place("b"):
            assert not room.take("a")
    assert room._taken == {}
