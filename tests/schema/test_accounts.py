"""Signing up, in and out, profiles and consents, as GraphQL text."""

from typing import Any

import pytest

from tests.support.web import PASSWORD, Caller, operation

FORM = {"email": "mina@example.com", "password": PASSWORD, "nickname": "미나", "birthYear": 1991}


async def test_signing_up_opens_a_session(anyone: Caller) -> None:
    answer = await anyone.sign_up()
    assert answer["__typename"] == "SignUpPayload"
    assert answer["session"]["isCurrent"] is True
    assert answer["viewer"]["ageBand"] == "THIRTIES"
    assert answer["viewer"]["role"] == "USER"
    viewer = await anyone.run("Viewer")
    assert viewer["email"] == "mina@example.com"


async def test_what_does_not_fit_is_named_by_field(anyone: Caller) -> None:
    form = {"email": "x", "password": "short", "nickname": " ", "birthYear": 3000}
    answer = await anyone.run("SignUp", input=form)
    assert answer["__typename"] == "InvalidInputError"
    assert answer["code"] == "INVALID_INPUT"
    problems = {tuple(field["path"]): field["code"] for field in answer["fields"]}
    assert problems == {
        ("email",): "INVALID",
        ("password",): "TOO_SHORT",
        ("nickname",): "TOO_SHORT",
        ("birthYear",): "OUT_OF_RANGE",
    }


async def test_one_account_an_address(anyone: Caller) -> None:
    await anyone.sign_up()
    again = await anyone.sign_up(email="MINA@example.com")
    assert [(field["path"], field["code"]) for field in again["fields"]] == [(["email"], "TAKEN")]


async def test_a_child_needs_a_guardian(anyone: Caller) -> None:
    answer = await anyone.sign_up(birthYear=2020)
    assert (answer["__typename"], answer["kind"]) == ("ConsentRequiredError", "GUARDIAN")
    assert "보호자" in answer["message"]


async def test_messages_follow_the_language(anyone: Caller) -> None:
    anyone.headers["Accept-Language"] = "en-GB, ko"
    answer = await anyone.sign_up(birthYear=2020)
    assert "guardian" in answer["message"]


async def test_logging_in(anyone: Caller) -> None:
    await anyone.sign_up()
    right = await anyone.run("LogIn", input={"email": FORM["email"], "password": PASSWORD})
    assert right["__typename"] == "LogInPayload"
    wrong = await anyone.run("LogIn", input={"email": FORM["email"], "password": PASSWORD + "x"})
    nobody = await anyone.run("LogIn", input={"email": "no@example.com", "password": PASSWORD})
    assert wrong == nobody
    assert wrong["__typename"] == "InvalidCredentialsError"


async def test_guessing_is_limited(anyone: Caller) -> None:
    for _ in range(12):
        answer = await anyone.run("LogIn", input={"email": "no@example.com", "password": "x" * 12})
    assert answer["__typename"] == "RateLimitedError"
    assert answer["retryAfterSeconds"] > 0


async def test_a_refresh_token_is_spent_once(anyone: Caller) -> None:
    first = (await anyone.sign_up())["tokens"]["refreshToken"]
    second = await anyone.run("RefreshSession", input={"refreshToken": first})
    assert second["__typename"] == "RefreshSessionPayload"
    again = await anyone.run("RefreshSession", input={"refreshToken": first})
    assert again["__typename"] == "InvalidCredentialsError"
    assert (await anyone.post({"query": "{ viewer { id } }"})).status_code == 401
    anyone.token = None
    revoked = await anyone.run(
        "RefreshSession", input={"refreshToken": second["tokens"]["refreshToken"]}
    )
    assert revoked["__typename"] == "InvalidCredentialsError"


@pytest.mark.parametrize("token", ["", "x", "a.b", "{}", "한글", "x" * 10_000])
async def test_nonsense_for_a_refresh_token(anyone: Caller, token: str) -> None:
    answer = await anyone.run("RefreshSession", input={"refreshToken": token})
    assert answer["__typename"] == "InvalidCredentialsError"


async def test_the_cookie_carries_the_refresh_token(anyone: Caller) -> None:
    answer = await anyone.sign_up(refreshInCookie=True)
    assert answer["tokens"]["refreshToken"] is None
    [cookie] = [c for c in anyone.http.cookies.jar if c.name == "dupi_refresh"]
    assert cookie.path == "/graphql"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert str(cookie._rest["SameSite"]).lower() == "strict"  # type: ignore[attr-defined]
    refreshed = await anyone.run("RefreshSession", input={})
    assert refreshed["tokens"]["refreshToken"] is None
    anyone.token = refreshed["tokens"]["accessToken"]
    assert (await anyone.run("LogOut", input={}))["loggedOut"]
    anyone.token = None
    assert not [c for c in anyone.http.cookies.jar if c.name == "dupi_refresh"]
    nothing = await anyone.run("RefreshSession", input={})
    assert nothing["__typename"] == "InvalidCredentialsError"


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer x",
        "Bearer",
        "Basic eDp4",
        "x",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer " + "x" * 5000,
    ],
)
async def test_a_bad_token_fails_the_request(anyone: Caller, authorization: str) -> None:
    response = await anyone.post({"query": "{ viewer { id } }"}, Authorization=authorization)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_logging_out_everywhere(anyone: Caller) -> None:
    await anyone.sign_up()
    other = await anyone.run("LogIn", input={"email": FORM["email"], "password": PASSWORD})
    assert len((await anyone.run("Viewer"))["sessions"]) == 2
    await anyone.run("LogOut", input={"everywhere": True})
    anyone.token = other["tokens"]["accessToken"]
    assert (await anyone.post({"query": "{ viewer { id } }"})).status_code == 401


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("LogOut", {}),
        ("UpdateProfile", {}),
        ("GrantConsent", {"kind": "MODEL_TRAINING", "documentVersion": "x"}),
        ("WithdrawConsent", {"kind": "MODEL_TRAINING"}),
        ("DeletePhoto", {"photoId": "x"}),
        ("DeleteAnalysis", {"analysisId": "x"}),
    ],
)
async def test_without_a_session_nothing_changes(
    anyone: Caller, name: str, given: dict[str, Any]
) -> None:
    assert (await anyone.run(name, input=given))["__typename"] == "UnauthenticatedError"


async def test_nobody_is_no_viewer(anyone: Caller) -> None:
    assert await anyone.run("Viewer") is None


async def test_a_profile_changes_by_what_is_named(mina: Caller) -> None:
    await mina.run("UpdateProfile", input={"gender": "OTHER"})
    renamed = await mina.run("UpdateProfile", input={"nickname": "새 이름"})
    assert (renamed["viewer"]["nickname"], renamed["viewer"]["gender"]) == ("새 이름", "OTHER")
    cleared = await mina.run("UpdateProfile", input={"gender": None})
    assert cleared["viewer"]["gender"] is None
    refused = await mina.run("UpdateProfile", input={"nickname": None})
    assert refused["fields"][0]["code"] == "REQUIRED"


async def test_consents_are_given_and_withdrawn(mina: Caller) -> None:
    again = await mina.consent()
    assert len(again["viewer"]["consents"]) == 1
    withdrawn = await mina.run("WithdrawConsent", input={"kind": "SENSITIVE_DATA"})
    assert withdrawn["consent"]["withdrawnAt"]
    nothing = await mina.run("WithdrawConsent", input={"kind": "SENSITIVE_DATA"})
    assert nothing["__typename"] == "NotFoundError"


@pytest.mark.parametrize(
    ("kind", "version", "path"),
    [
        ("GUARDIAN", "x", "kind"),
        ("PARTNER_SHARING", "x", "kind"),
        ("SENSITIVE_DATA", "old", "documentVersion"),
    ],
)
async def test_a_consent_to_what_is_not_asked_for(
    mina: Caller, kind: str, version: str, path: str
) -> None:
    answer = await mina.run("GrantConsent", input={"kind": kind, "documentVersion": version})
    assert answer["fields"][0]["path"] == [path]


async def test_documents_in_both_languages(anyone: Caller) -> None:
    korean = await anyone.run("ConsentDocuments")
    english = await anyone.run("ConsentDocuments", locale="EN")
    assert [d["kind"] for d in korean] == [d["kind"] for d in english]
    assert korean[0]["body"] != english[0]["body"]


async def test_another_language_for_the_guides(anyone: Caller) -> None:
    for name in ("Survey", "Conditions"):
        assert await anyone.run(name) != await anyone.run(name, locale="EN")
    assert "questions" in await anyone.run("Survey")
    assert operation("Survey")
