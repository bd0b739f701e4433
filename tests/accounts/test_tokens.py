"""Access tokens: only ours, for us, in time."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from dupi.accounts.tokens import _key, issue_access_token, read_access_token
from dupi.clock import utc_now
from dupi.errors import Unauthenticated
from dupi.settings import Settings

SECRET = "a secret that only tests know, 32+ characters"


@pytest.fixture(scope="module")
def own() -> Settings:
    return Settings.model_validate({"secret": SECRET})


def claims(**changes: Any) -> dict[str, Any]:
    now = utc_now()
    good = {
        "iss": "dupi",
        "aud": "dupi-api",
        "iat": now,
        "exp": now + timedelta(minutes=1),
        "sub": "person",
        "sid": "session",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_ours_is_read(own: Settings) -> None:
    token = issue_access_token(own, user_id="person", session_id="session")
    read = read_access_token(own, token.text)
    assert (read.user_id, read.session_id) == ("person", "session")
    assert token.expires_at - utc_now() <= timedelta(seconds=900)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone"},
        {"aud": "else"},
        {"aud": None},
        {"iss": None},
        {"exp": None},
        {"sub": None},
        {"sid": None},
        {"iat": None},
        {"exp": utc_now() - timedelta(seconds=1)},
        {"iat": utc_now() + timedelta(hours=1)},
        {"sub": 7},
    ],
)
def test_wrong_claims(own: Settings, changes: dict[str, Any]) -> None:
    token = jwt.encode(claims(**changes), _key(own), algorithm="HS256")
    with pytest.raises(Unauthenticated):
        read_access_token(own, token)


def test_no_algorithm(own: Settings) -> None:
    token = jwt.encode(claims(), "", algorithm="none")
    with pytest.raises(Unauthenticated):
        read_access_token(own, token)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm(own: Settings, algorithm: str) -> None:
    token = jwt.encode(claims(), _key(own).ljust(64, b"x"), algorithm=algorithm)
    with pytest.raises(Unauthenticated):
        read_access_token(own, token)


def test_confused_algorithms_and_keys(own: Settings) -> None:
    body = claims(iat=1, exp=2**33)
    for header in ({"alg": "RS256"}, {"alg": "HS256", "kid": "../../etc/passwd"}, {"alg": "NoNe"}):
        signed = f"{part(header)}.{part(body)}"
        forged = hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256)
        tail = base64.urlsafe_b64encode(forged).rstrip(b"=").decode()
        with pytest.raises(Unauthenticated):
            read_access_token(own, f"{signed}.{tail}")


def test_the_secret_itself_signs_no_token(own: Settings) -> None:
    with pytest.raises(Unauthenticated):
        read_access_token(own, jwt.encode(claims(), SECRET, algorithm="HS256"))


@pytest.mark.parametrize("text", ["", "a.b.c", "…", "\ud800", "x" * 100_000, "a" * 50 + ".."])
def test_nonsense(own: Settings, text: str) -> None:
    with pytest.raises(Unauthenticated):
        read_access_token(own, text)


def test_a_changed_token(own: Settings) -> None:
    head, body, tail = issue_access_token(own, user_id="p", session_id="s").text.split(".")
    other = issue_access_token(own, user_id="q", session_id="s").text.split(".")[1]
    for text in (f"{head}.{other}.{tail}", f"{head}.{body}.{tail[:-2]}"):
        with pytest.raises(Unauthenticated):
            read_access_token(own, text)
