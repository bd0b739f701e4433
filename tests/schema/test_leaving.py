"""Deleting one's account, as GraphQL text."""

import pytest

from dupi.accounts.models import User
from dupi.accounts.passwords import PasswordHasher
from dupi.resources import Resources
from tests.support.web import PASSWORD, SURVEY, Caller, operation, socket


async def test_the_account_goes_with_everything(mina: Caller, photo: bytes) -> None:
    viewer = await mina.run("Viewer")
    stored = (await mina.upload(photo))["photo"]
    queued = {"photoIds": [stored["id"]], "survey": SURVEY}
    await mina.run("RequestAnalysis", input=queued)
    assert (await mina.http.get(stored["url"])).status_code == 200
    answer = await mina.run("DeleteAccount", input={"password": PASSWORD})
    assert answer == {"__typename": "DeleteAccountPayload", "deletedId": viewer["id"]}
    assert (await mina.http.get(stored["url"])).status_code == 404
    assert (await mina.post({"query": "{ viewer { id } }"})).status_code == 401
    mina.token = None
    gone = await mina.run("LogIn", input={"email": viewer["email"], "password": PASSWORD})
    assert gone["__typename"] == "InvalidCredentialsError"
    again = await mina.sign_up()
    assert again["viewer"]["id"] != viewer["id"]
    assert (await mina.run("Photos"))["photos"]["edges"] == []


async def test_a_wrong_password_changes_nothing(mina: Caller) -> None:
    for wrong in (PASSWORD + "x", "", "\u0000", "x" * 5000):
        answer = await mina.run("DeleteAccount", input={"password": wrong})
        assert answer["__typename"] == "InvalidCredentialsError"
        assert "비밀번호" in answer["message"]
    assert await mina.run("Viewer")


async def test_without_a_session(anyone: Caller) -> None:
    answer = await anyone.run("DeleteAccount", input={"password": PASSWORD})
    assert answer["__typename"] == "UnauthenticatedError"


async def test_guessing_counts_with_log_ins(
    mina: Caller, parts: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stolen session gives no more tries than anybody has; few passwords are hashed."""
    most, real = parts.settings.accounts.log_ins_per_account, PasswordHasher.matches
    seen: list[str] = []

    async def counted(self: PasswordHasher, password: str, stored: str | None) -> bool:
        seen.append(password)
        return await real(self, password, stored)

    monkeypatch.setattr(PasswordHasher, "matches", counted)
    for _ in range(most + 5):
        answer = await mina.run("DeleteAccount", input={"password": "x" * 12})
    assert answer["__typename"] == "RateLimitedError"
    assert answer["retryAfterSeconds"] > 0
    assert len(seen) == most
    right = await mina.run("DeleteAccount", input={"password": PASSWORD})
    assert right["__typename"] == "RateLimitedError"
    log_in = {"email": "mina@example.com", "password": PASSWORD}
    assert (await mina.run("LogIn", input=log_in))["__typename"] == "RateLimitedError"


async def test_twice_in_one_document_is_refused(mina: Caller) -> None:
    one = 'deleteAccount(input: {password: "x"}) { __typename }'
    answer = await mina.ask(f"mutation {{ a: {one} b: {one} }}")
    assert answer["errors"][0]["extensions"]["limit"] == "deleteAccount"


async def test_what_follows_in_the_document_is_asked_by_nobody(mina: Caller) -> None:
    document = f"""mutation {{
      deleteAccount(input: {{password: "{PASSWORD}"}}) {{ __typename }}
      updateProfile(input: {{nickname: "다시"}}) {{ __typename }}
    }}"""
    assert await mina.data(document) == {
        "deleteAccount": {"__typename": "DeleteAccountPayload"},
        "updateProfile": {"__typename": "UnauthenticatedError"},
    }
    assert await User.find({"nickname": "다시"}).count() == 0


async def test_an_open_socket_ends(mina: Caller, web: str) -> None:
    async with socket(web) as wire:
        await wire.initialise(mina.token)
        assert (await mina.run("DeleteAccount", input={"password": PASSWORD}))["deletedId"]
        assert await wire.close_code() == 4401


async def test_the_cookie_goes(anyone: Caller) -> None:
    await anyone.sign_up(refreshInCookie=True)
    await anyone.run("RefreshSession", input={})
    jar = anyone.http.cookies.jar
    assert [cookie.name for cookie in jar] == ["dupi_refresh"]
    viewer = await anyone.run("Viewer")
    assert viewer
    await anyone.run("DeleteAccount", input={"password": PASSWORD})
    assert [cookie.name for cookie in jar] == []
    assert operation("DeleteAccount")
