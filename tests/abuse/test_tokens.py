"""Forged, expired and stolen tokens, at both doors: one answer for all, which says nothing."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from dupi.accounts.tokens import _key
from dupi.clock import utc_now
from dupi.resources import Resources
from tests.support.web import Caller, socket

SAME_ID = {"X-Request-Id": "same"}


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def hand_made(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """Signed with HMAC, whatever the header says."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def forged(token: str, key: bytes) -> dict[str, str]:
    """The person's own claims in tokens that are not ours; some with our very key."""
    own, past = claims_of(token), utc_now() - timedelta(hours=1)
    head, body, tail = token.split(".")

    def ours(**changes: Any) -> str:
        return jwt.encode(own | changes, key, algorithm="HS256")

    return {
        "alg none": jwt.encode(own, "", algorithm="none"),
        "alg none, signed": hand_made({"alg": "none"}, own, key),
        "no signature": f"{head}.{body}.",
        "rs256 with our key": hand_made({"alg": "RS256", "typ": "JWT"}, own, key),
        "hs512": jwt.encode(own, key.ljust(64, b"\x00"), algorithm="HS512"),
        "an empty key": hand_made({"alg": "HS256"}, own, b""),
        "a kid that is a file": hand_made({"alg": "HS256", "kid": "/dev/null"}, own, b""),
        "a key of its own": hand_made(
            {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}, own, b"\x00"
        ),
        "expired": ours(exp=past),
        "not yet": ours(nbf=utc_now() + timedelta(hours=1)),
        "for another audience": ours(aud="else"),
        "from another issuer": ours(iss="else"),
        "another session": ours(sid="01900000-0000-7000-8000-000000000000"),
        "another person": ours(sub="01900000-0000-7000-8000-000000000000"),
        "a dict for a person": ours(sid={"$ne": ""}),
        "a changed signature": f"{head}.{body}.{tail[::-1]}",
        "five parts": "a.b.c.d.e",
        "a number": "1",
        "a dict": '{"$ne": ""}',
    }


NAMES = sorted(forged(jwt.encode({"sub": "x"}, "k" * 32), b"k" * 32))


@pytest.mark.parametrize("name", NAMES)
async def test_a_token_that_is_not_ours_opens_nothing(
    web: str, mina: Caller, parts: Resources, name: str
) -> None:
    assert mina.token
    token = forged(mina.token, _key(parts.settings))[name]
    query = {"query": "{ viewer { id } }"}
    answer = await mina.post(query, Authorization=f"Bearer {token}", **SAME_ID)
    plain = await mina.post(query, Authorization="Bearer nonsense", **SAME_ID)
    assert answer.status_code == 401
    assert answer.content == plain.content
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    async with socket(web) as wire:
        payload = {"authorization": f"Bearer {token}"}
        await wire.send({"type": "connection_init", "payload": payload})
        assert await wire.close_code() == 4401


async def test_a_spent_refresh_token_ends_what_its_family_opened(web: str, mina: Caller) -> None:
    first = (await mina.run("LogIn", input=_credentials()))["tokens"]
    second = (await mina.run("RefreshSession", input={"refreshToken": first["refreshToken"]}))[
        "tokens"
    ]
    async with socket(web) as wire:
        await wire.initialise(second["accessToken"])
        mina.token = None
        spent = await mina.run("RefreshSession", input={"refreshToken": first["refreshToken"]})
        assert spent["__typename"] == "InvalidCredentialsError"
        assert await wire.close_code() == 4401
    again = await mina.run("RefreshSession", input={"refreshToken": second["refreshToken"]})
    assert again == spent


def _credentials() -> dict[str, str]:
    return {"email": "mina@example.com", "password": "correct horse battery staple"}
