"""Replacing passwords and confirming e-mails, on the real store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dupi.accounts import service
from dupi.accounts.models import Session, User
from dupi.accounts.passwords import PasswordHasher
from dupi.errors import InvalidCredentials, InvalidInput, RateLimited, Unauthenticated
from dupi.resources import Resources
from tests.accounts.conftest import PASSWORD, SignUp
from tests.support.letters import LetterBox, deliver

EMAIL, NEW = "mina@example.com", "a new long passphrase"
Forget = Callable[[], Awaitable[str]]


async def log_in(people: Resources, password: str = PASSWORD) -> service.SignedIn:
    return await service.log_in(people, email=EMAIL, password=password)


async def change(people: Resources, signed_in: service.SignedIn, **changes: Any) -> User:
    given: dict[str, Any] = {"current": PASSWORD, "new": NEW} | changes
    return await service.change_password(
        people, user_id=signed_in.user.id, session_id=signed_in.session.id, **given
    )


async def is_in(people: Resources, signed_in: service.SignedIn) -> bool:
    try:
        await service.authenticate(people, access_token=signed_in.access_token)
    except Unauthenticated:
        return False
    return True


@pytest.fixture
def forget(people: Resources, letters: LetterBox) -> Forget:
    """Ask for a reset; the token that comes by mail."""

    async def ask() -> str:
        await service.request_password_reset(people, email=EMAIL)
        await deliver(people)
        return letters.token(EMAIL)

    return ask


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords that were hashed or compared."""
    seen: list[str] = []
    for name in ("hash", "matches"):
        monkeypatch.setattr(PasswordHasher, name, noted(getattr(PasswordHasher, name), seen))
    return seen


def noted(real: Callable[..., Awaitable[Any]], seen: list[str]) -> Any:
    async def call(self: PasswordHasher, password: str, *rest: Any) -> Any:
        seen.append(password)
        return await real(self, password, *rest)

    return call


async def test_a_changed_password_ends_the_other_sessions(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    first, here = await sign_up(), await log_in(people)
    await deliver(people)
    await change(people, here)
    assert [await is_in(people, one) for one in (first, here)] == [False, True]
    listed = await service.list_sessions(people, user_id=here.user.id)
    assert [session.id for session in listed] == [here.session.id]
    refreshed = await service.refresh_session(people, refresh_token=here.refresh_token)
    assert await is_in(people, refreshed)
    with pytest.raises(InvalidCredentials):
        await service.refresh_session(people, refresh_token=first.refresh_token)
    with pytest.raises(InvalidCredentials):
        await log_in(people)
    assert await is_in(people, await log_in(people, NEW))
    await deliver(people)
    assert "변경" in letters.sent[-1].subject


async def test_the_other_sessions_end_with_the_one_write(
    people: Resources, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the process dies before it removes them."""
    first, here = await sign_up(), await log_in(people)

    async def die(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("dupi.accounts.sessions.end_other_sessions", die)
    with pytest.raises(asyncio.CancelledError):
        await change(people, here)
    assert await Session.count() == 2
    assert [await is_in(people, one) for one in (first, here)] == [False, True]
    assert len(await service.list_sessions(people, user_id=here.user.id)) == 1
    with pytest.raises(InvalidCredentials):
        await service.refresh_session(people, refresh_token=first.refresh_token)


async def test_the_next_change_ends_what_the_last_one_kept(
    people: Resources, sign_up: SignUp
) -> None:
    first = await sign_up()
    await change(people, first)
    second = await log_in(people, NEW)
    await change(people, second, current=NEW, new=PASSWORD)
    assert [await is_in(people, one) for one in (first, second)] == [False, True]


@pytest.mark.parametrize("new", ["short", "x" * 129, "", "\ud800" * 12])
async def test_a_new_password_that_is_none(people: Resources, sign_up: SignUp, new: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await change(people, await sign_up(), new=new)
    assert [problem.path for problem in refused.value.fields] == [("newPassword",)]
    assert await log_in(people)


async def test_of_two_changes_at_once_one_wins(people: Resources, sign_up: SignUp) -> None:
    here = await sign_up()
    tries = [change(people, here, new=f"{NEW} {number}") for number in range(4)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert all(isinstance(outcome, User | InvalidCredentials) for outcome in outcomes)


async def test_guessing_the_current_password_is_limited(
    people: Resources, sign_up: SignUp, hashed: list[str]
) -> None:
    here, most = await sign_up(), people.settings.accounts.log_ins_per_account
    hashed.clear()
    for _ in range(most):
        with pytest.raises(InvalidCredentials):
            await change(people, here, current="wrong horse battery")
    with pytest.raises(RateLimited):
        await change(people, here)
    assert len(hashed) == most


async def test_a_reset_ends_all_sessions(
    people: Resources, sign_up: SignUp, forget: Forget
) -> None:
    opened = [await sign_up(), await log_in(people)]
    await service.reset_password(people, token=await forget(), new=NEW)
    assert [await is_in(people, one) for one in opened] == [False, False]
    assert await Session.count() == 0
    assert await is_in(people, await log_in(people, NEW))


async def test_a_log_in_with_the_old_password_during_a_reset_is_void(
    people: Resources, sign_up: SignUp, forget: Forget, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_up()
    token, matches = await forget(), PasswordHasher.matches

    async def reset_meanwhile(self: PasswordHasher, password: str, stored: str | None) -> bool:
        await service.reset_password(people, token=token, new=NEW)
        return await matches(self, password, stored)

    with monkeypatch.context() as patch:
        patch.setattr(PasswordHasher, "matches", reset_meanwhile)
        late = await log_in(people)
    assert not await is_in(people, late)


async def test_a_token_is_good_once(people: Resources, sign_up: SignUp, forget: Forget) -> None:
    await sign_up()
    token = await forget()
    tries = [service.reset_password(people, token=token, new=f"{NEW} {n}") for n in range(4)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    with pytest.raises(InvalidCredentials):
        await service.reset_password(people, token=token, new=NEW)


async def test_tokens_end(people: Resources, sign_up: SignUp, forget: Forget) -> None:
    user, old = (await sign_up()).user, await forget()
    newer = await forget()
    with pytest.raises(InvalidCredentials):  # replaced by a later one
        await service.reset_password(people, token=old, new=NEW)
    await User.get_pymongo_collection().update_one(
        {"_id": user.id}, {"$set": {"reset_expires_ms": 1}}
    )
    with pytest.raises(InvalidCredentials):
        await service.reset_password(people, token=newer, new=NEW)
    newest = await forget()
    await change(people, await log_in(people))
    with pytest.raises(InvalidCredentials):  # the password was replaced since
        await service.reset_password(people, token=newest, new=PASSWORD)


async def test_tokens_are_of_one_person_and_one_purpose(
    people: Resources, sign_up: SignUp, letters: LetterBox, forget: Forget
) -> None:
    mina = (await sign_up()).user
    await deliver(people)
    confirming = letters.token(EMAIL)
    jun = (await sign_up(email="jun@example.com")).user
    resetting = await forget()
    of_jun = f"{jun.id}.{resetting.partition('.')[2]}"
    for token in (confirming, of_jun):
        with pytest.raises(InvalidCredentials):
            await service.reset_password(people, token=token, new=NEW)
    for token in (resetting, f"{jun.id}.{confirming.partition('.')[2]}"):
        with pytest.raises(InvalidCredentials):
            await service.verify_email(people, token=token)
    await service.reset_password(people, token=resetting, new=NEW)
    assert (await service.get_user(people, user_id=mina.id)).credentials == 1
    assert (await service.get_user(people, user_id=jun.id)).credentials == 0


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".b", "가.나", "x" * 5000, '{"$ne": ""}', "a.\x00"]
)
async def test_nonsense_is_no_token_and_hashes_nothing(
    people: Resources, sign_up: SignUp, hashed: list[str], text: str
) -> None:
    user_id = (await sign_up()).user.id
    hashed.clear()
    for token in (text, f"{user_id}.{text}"):
        with pytest.raises(InvalidCredentials):
            await service.reset_password(people, token=token, new=NEW)
        with pytest.raises(InvalidCredentials):
            await service.verify_email(people, token=token)
    assert hashed == []
