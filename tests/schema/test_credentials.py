"""Passwords, confirming e-mails and ending sessions, as GraphQL text."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from dupi.adapters.limits import LocalRateLimits
from dupi.resources import Resources
from tests.support.letters import LetterBox, deliver
from tests.support.web import PASSWORD, Caller, app_over, caller

EMAIL, NEW = "mina@example.com", "a new long passphrase"


@pytest.fixture
def letters() -> LetterBox:
    return LetterBox()


@pytest.fixture
def mailing(parts: Resources, letters: LetterBox) -> Resources:
    """``parts``, in a moment in which no time passes."""
    return replace(parts, mailer=letters, limits=LocalRateLimits(clock=lambda: 0.0))


@pytest.fixture
def app(mailing: Resources) -> Starlette:
    return app_over(mailing)


@pytest.fixture
async def mina(app: Starlette) -> AsyncIterator[Caller]:
    async with caller(app) as someone:
        await someone.sign_up(EMAIL)
        yield someone


async def log_in(who: Caller, password: str) -> Any:
    return await who.run("LogIn", input={"email": EMAIL, "password": password})


async def a_token(who: Caller, mailing: Resources, letters: LetterBox) -> str:
    await who.run("RequestPasswordReset", input={"email": EMAIL})
    await deliver(mailing)
    return letters.token(EMAIL)


def fields_of(answer: Any) -> dict[tuple[str, ...], str]:
    assert answer["__typename"] == "InvalidInputError"
    return {tuple(field["path"]): field["code"] for field in answer["fields"]}


async def test_changing_the_password(mina: Caller) -> None:
    await log_in(mina, PASSWORD)
    given = {"currentPassword": PASSWORD, "newPassword": NEW}
    answer = await mina.run("ChangePassword", input=given)
    assert answer["__typename"] == "ChangePasswordPayload"
    assert [session["isCurrent"] for session in answer["viewer"]["sessions"]] == [True]
    assert await mina.run("Viewer")
    assert (await log_in(mina, PASSWORD))["__typename"] == "InvalidCredentialsError"
    assert (await log_in(mina, NEW))["__typename"] == "LogInPayload"


async def test_what_a_changed_password_needs(mina: Caller, anyone: Caller) -> None:
    wrong = await mina.run("ChangePassword", input={"currentPassword": "x", "newPassword": NEW})
    assert wrong["__typename"] == "InvalidCredentialsError"
    assert "비밀번호" in wrong["message"]
    short = {"currentPassword": PASSWORD, "newPassword": "short"}
    refused = await mina.run("ChangePassword", input=short)
    assert fields_of(refused) == {("newPassword",): "TOO_SHORT"}
    nobody = await anyone.run("ChangePassword", input=short)
    assert nobody["__typename"] == "UnauthenticatedError"


async def test_guessing_the_password_is_limited(mina: Caller) -> None:
    given = {"currentPassword": "x" * 12, "newPassword": NEW}
    for _ in range(11):
        answer = await mina.run("ChangePassword", input=given)
    assert answer["__typename"] == "RateLimitedError"


async def test_resetting_a_password(
    mina: Caller, anyone: Caller, mailing: Resources, letters: LetterBox
) -> None:
    token = await a_token(anyone, mailing, letters)
    answer = await anyone.run("ResetPassword", input={"token": token, "newPassword": NEW})
    assert answer == {"__typename": "ResetPasswordPayload", "passwordReset": True}
    assert (await mina.post({"query": "{ viewer { id } }"})).status_code == 401
    assert (await log_in(anyone, NEW))["__typename"] == "LogInPayload"
    again = await anyone.run("ResetPassword", input={"token": token, "newPassword": NEW})
    assert again["__typename"] == "InvalidCredentialsError"
    assert "링크" in again["message"]


async def test_what_a_reset_needs(
    mina: Caller, anyone: Caller, mailing: Resources, letters: LetterBox
) -> None:
    token = await a_token(anyone, mailing, letters)
    short = await anyone.run("ResetPassword", input={"token": token, "newPassword": "short"})
    assert fields_of(short) == {("newPassword",): "TOO_SHORT"}
    right = await anyone.run("ResetPassword", input={"token": token, "newPassword": NEW})
    assert right["__typename"] == "ResetPasswordPayload"  # the token was not spent


async def test_trying_tokens_is_limited(anyone: Caller, mailing: Resources) -> None:
    most = mailing.settings.mail.tokens_per_address
    for name, given in (("ResetPassword", {"newPassword": NEW}), ("VerifyEmail", {})):
        kinds = [
            (await anyone.run(name, input={"token": "a.b"} | given))["__typename"]
            for _ in range(most // 2 + 1)
        ]
        assert kinds[0] == "InvalidCredentialsError"
    assert kinds[-1] == "RateLimitedError"


async def test_an_unknown_email_is_answered_as_a_known_one(
    mina: Caller, anyone: Caller, mailing: Resources, letters: LetterBox
) -> None:
    await deliver(mailing)
    letters.sent.clear()
    known = await anyone.run("RequestPasswordReset", input={"email": EMAIL.upper()})
    unknown = await anyone.run("RequestPasswordReset", input={"email": "no@example.com"})
    assert known == unknown == {"__typename": "RequestPasswordResetPayload", "requested": True}
    await deliver(mailing)
    assert [mail.recipient for mail in letters.sent] == [EMAIL]


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("", "REQUIRED"),
        ("mina", "INVALID"),
        ("mina@example.com\r\nBcc: all@example.com", "INVALID"),
        ("mina@example.com\n.example", "INVALID"),
        ("x" * 300 + "@example.com", "TOO_LONG"),
        ('{"$ne": ""}', "INVALID"),
    ],
)
async def test_what_is_no_email(anyone: Caller, email: str, code: str) -> None:
    answer = await anyone.run("RequestPasswordReset", input={"email": email})
    assert fields_of(answer) == {("email",): code}
    signing_up = await anyone.sign_up(email)
    assert fields_of(signing_up) == {("email",): code}


@pytest.mark.parametrize("email", [EMAIL, "no@example.com"])
async def test_asking_for_many_mails_is_limited(
    mina: Caller, anyone: Caller, mailing: Resources, email: str
) -> None:
    most = mailing.settings.mail.requests_per_email
    kinds = [
        (await anyone.run("RequestPasswordReset", input={"email": email}))["__typename"]
        for _ in range(most + 2)
    ]
    assert kinds == ["RequestPasswordResetPayload"] * most + ["RateLimitedError"] * 2


async def test_asking_for_many_people_s_mails_is_limited(
    anyone: Caller, mailing: Resources
) -> None:
    most = mailing.settings.mail.requests_per_address
    kinds = [
        (await anyone.run("RequestPasswordReset", input={"email": f"p{n}@example.com"}))[
            "__typename"
        ]
        for n in range(most + 1)
    ]
    assert kinds == ["RequestPasswordResetPayload"] * most + ["RateLimitedError"]


async def test_confirming_an_email(
    mina: Caller, anyone: Caller, mailing: Resources, letters: LetterBox
) -> None:
    assert (await mina.run("Viewer"))["emailVerifiedAt"] is None
    again = await mina.run("RequestEmailVerification", input={"locale": "EN"})
    assert again["viewer"]["emailVerifiedAt"] is None
    await deliver(mailing)
    assert letters.sent[-1].subject == "[Dupi] Please confirm your e-mail"
    token = letters.token(EMAIL)
    confirmed = await anyone.run("VerifyEmail", input={"token": token})
    assert confirmed["emailVerifiedAt"]
    assert (await mina.run("Viewer"))["emailVerifiedAt"] == confirmed["emailVerifiedAt"]
    spent = await anyone.run("VerifyEmail", input={"token": token})
    assert spent["__typename"] == "InvalidCredentialsError"
    done = await mina.run("RequestEmailVerification", input={})
    assert done["viewer"]["emailVerifiedAt"] == confirmed["emailVerifiedAt"]


async def test_asking_to_confirm_is_limited_and_needs_a_session(
    mina: Caller, anyone: Caller
) -> None:
    for _ in range(6):
        answer = await mina.run("RequestEmailVerification", input={})
    assert answer["__typename"] == "RateLimitedError"
    nobody = await anyone.run("RequestEmailVerification", input={})
    assert nobody["__typename"] == "UnauthenticatedError"
