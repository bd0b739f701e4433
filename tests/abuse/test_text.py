"""Text that is made to harm: limited, one form in the store, and shown as text alone."""

import json
import unicodedata
from typing import Any

import pytest

from dupi.accounts.models import User
from dupi.idempotency import IdempotencyRecord
from tests.support.web import PASSWORD, SURVEY, Caller, operation

FORM: dict[str, Any] = {"email": "mina@example.com", "password": PASSWORD, "birthYear": 1991}

UNSEEN = {
    "zero width": "미\u200b나",
    "joiner": "미\u200d나",
    "bom": "\ufeff미나",
    "right to left": "\u202e미나",
    "isolate": "미\u2066나\u2069",
    "nul": "미\x00나",
    "escape": "\x1b[31m미나",
    "new line": "미\n나",
    "line separator": "미\u2028나",
    "filler": "\u3164\u3164",
    "private": "\ue000\ue001",
    "tag": "미나\U000e0041",
}


@pytest.mark.parametrize("name", UNSEEN)
async def test_what_is_not_seen_is_refused(anyone: Caller, name: str) -> None:
    answer = await anyone.run("SignUp", input=FORM | {"nickname": UNSEEN[name]})
    assert answer["__typename"] == "InvalidInputError"
    assert [field["path"] for field in answer["fields"]] == [["nickname"]]
    assert await User.count() == 0


async def test_korean_in_pieces_is_stored_whole(anyone: Caller) -> None:
    pieces = unicodedata.normalize("NFD", "두피사랑")
    assert len(pieces) > 4
    signed_up = await anyone.run("SignUp", input=FORM | {"nickname": pieces})
    assert signed_up["viewer"]["nickname"] == "두피사랑"
    stored = await User.find_one({"nickname": "두피사랑"})
    assert stored is not None


async def test_a_password_in_pieces_is_the_same_password(anyone: Caller) -> None:
    password = "두피사랑두피사랑두피"
    await anyone.run("SignUp", input=FORM | {"nickname": "미나", "password": password})
    pieces = unicodedata.normalize("NFD", password)
    answer = await anyone.run("LogIn", input={"email": FORM["email"], "password": pieces})
    assert answer["__typename"] == "LogInPayload"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>"[:20], "<img src=x>", "&lt;b&gt;", "\"'`"]
)
async def test_html_is_text_and_is_sent_as_no_page(anyone: Caller, text: str) -> None:
    await anyone.sign_up(nickname=text)
    answer = await anyone.post({"query": "{ viewer { nickname } }"})
    assert answer.json()["data"]["viewer"]["nickname"] == text
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("field", ["nickname", "email", "password"])
@pytest.mark.parametrize("text", ["x" * 200_000, "가" * 60_000, "e\u0301" * 60_000], ids=len)
async def test_a_long_text_is_refused_by_field(anyone: Caller, field: str, text: str) -> None:
    answer = await anyone.run("SignUp", input=FORM | {"nickname": "미나", field: text})
    assert answer["__typename"] == "InvalidInputError"
    assert answer["fields"][0]["path"] == [field]
    assert len(answer["fields"][0]["message"]) < 200  # it is not said back


async def test_a_text_of_a_megabyte_is_refused_unread(anyone: Caller) -> None:
    form = FORM | {"nickname": "x" * 1_000_000}
    answer = await anyone.post({"query": operation("SignUp"), "variables": {"input": form}})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["limit"] == "body"


@pytest.mark.parametrize("lone", ["\\ud800", "\\udc00\\ud800", "a\\udfff"])
async def test_half_a_character_is_no_json(anyone: Caller, lone: str) -> None:
    body = json.dumps({"query": operation("SignUp"), "variables": {"input": FORM}})
    body = body.replace("mina@", f"{lone}@")
    headers = {"Content-Type": "application/json"}
    answer = await anyone.http.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_INVALID"


async def test_half_a_character_in_a_document_is_refused(anyone: Caller) -> None:
    for text in ("\\ud800", "\\u{d800}", "\\udc00\\ud800"):
        document = (
            f'mutation {{ refreshSession(input: {{refreshToken: "{text}"}}) {{ __typename }} }}'
        )
        assert await anyone.code(document) == "GRAPHQL_INVALID"


@pytest.mark.parametrize("key", ["x" * 200_000, "", "\x00", "가\u202e"], ids=lambda key: key[:5])
async def test_a_key_is_limited(mina: Caller, key: str) -> None:
    given = {"photoIds": [], "survey": SURVEY, "idempotencyKey": key}
    answer = await mina.run("RequestAnalysis", input=given)
    assert answer["__typename"] == "InvalidInputError"
    assert await IdempotencyRecord.count() == 0


async def test_headers_of_any_bytes_do_no_harm(anyone: Caller) -> None:
    odd = b"\xff\xfe\x80" * 500
    await anyone.sign_up()
    body = json.dumps({"query": operation("LogIn"), "variables": {"input": _log_in()}})
    headers = [
        (b"content-type", b"application/json"),
        (b"user-agent", odd),
        (b"accept-language", odd),
        (b"x-request-id", odd),
        (b"cookie", odd),
        (b"x-forwarded-for", odd),
    ]
    answer = await anyone.http.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["data"]["logIn"]["__typename"] == "LogInPayload"
    assert answer.headers["x-request-id"].isascii()


def _log_in() -> dict[str, str]:
    return {"email": "mina@example.com", "password": PASSWORD}
