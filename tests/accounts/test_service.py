"""Sign-up, log-in, sessions and profile, on the real store."""

import asyncio
from dataclasses import replace

import pytest

from dupi.accounts import service
from dupi.accounts.models import Role, Session, User
from dupi.clock import utc_now
from dupi.errors import (
    ConsentRequired,
    FieldErrorCode,
    Forbidden,
    InvalidCredentials,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from dupi.knowledge.vocabulary import Gender
from dupi.resources import Resources
from tests.accounts.conftest import PASSWORD, SignUp


async def log_in(people: Resources, password: str = PASSWORD, **more: str) -> service.SignedIn:
    form = {"email": "mina@example.com"} | more
    return await service.log_in(people, password=password, **form)


async def test_who_signs_up_is_signed_in(people: Resources, sign_up: SignUp) -> None:
    signed_in = await sign_up(email=" Mina@Example.COM ", user_agent="Firefox\x00 148")
    assert (signed_in.user.email, signed_in.user.role) == ("mina@example.com", Role.USER)
    assert signed_in.session.user_agent == "Firefox 148"
    assert utc_now() < signed_in.access_expires_at < signed_in.refresh_expires_at
    principal = await service.authenticate(people, access_token=signed_in.access_token)
    assert principal == service.Principal(signed_in.user.id, signed_in.session.id, Role.USER)


async def test_nothing_secret_is_stored(people: Resources, sign_up: SignUp) -> None:
    signed_in = await sign_up()
    rows = [await document.get_pymongo_collection().find_one({}) for document in (User, Session)]
    stored = repr(rows)
    assert PASSWORD not in stored
    assert signed_in.refresh_token.split(".")[1] not in stored
    assert signed_in.access_token not in stored


async def test_an_email_is_taken_once_in_a_race(people: Resources, sign_up: SignUp) -> None:
    tries = [sign_up(email=email) for email in ("a@example.com", "A@EXAMPLE.COM") * 4]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, InvalidInput)]
    assert len(refused) == 7
    assert {(f.path, f.code) for r in refused for f in r.fields} == {
        (("email",), FieldErrorCode.TAKEN)
    }
    assert await User.count() == 1


async def test_all_bad_fields_are_told_at_once(people: Resources, sign_up: SignUp) -> None:
    with pytest.raises(InvalidInput) as refused:
        await sign_up(email="nobody", password="short", nickname="x", birth_year=1200)
    assert {problem.path[0]: problem.code for problem in refused.value.fields} == {
        "email": FieldErrorCode.INVALID,
        "password": FieldErrorCode.TOO_SHORT,
        "nickname": FieldErrorCode.TOO_SHORT,
        "birthYear": FieldErrorCode.OUT_OF_RANGE,
    }
    assert await User.count() == 0


async def test_who_may_be_under_fourteen_is_refused(people: Resources, sign_up: SignUp) -> None:
    year = utc_now().year
    for born in (year - 14, year - 5, year):
        with pytest.raises(ConsentRequired) as refused:
            await sign_up(birth_year=born)
        assert refused.value.kind == "GUARDIAN"
    assert (await sign_up(birth_year=year - 15)).user.birth_year == year - 15


async def test_log_in(people: Resources, sign_up: SignUp) -> None:
    first = await sign_up()
    again = await log_in(people, email="MINA@example.com")
    assert again.user.id == first.user.id
    assert again.session.id != first.session.id


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("mina@example.com", "wrong horse battery"),
        ("mina@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("\ud800@example.com", "\ud800" * 12),
        ('{"$ne": ""}', '{"$ne": ""}'),
    ],
)
async def test_wrong_credentials_all_look_alike(
    people: Resources, sign_up: SignUp, email: str, password: str
) -> None:
    await sign_up()
    with pytest.raises(InvalidCredentials, match="e-mail or password is wrong"):
        await log_in(people, password, email=email)


async def test_a_suspended_person_is_told_only_after_the_right_password(
    people: Resources, sign_up: SignUp
) -> None:
    user = (await sign_up()).user
    await user.set({"suspended": True})
    with pytest.raises(Forbidden):
        await log_in(people)
    with pytest.raises(InvalidCredentials):
        await log_in(people, "wrong horse battery")


async def test_log_ins_are_limited_per_account_whether_it_exists_or_not(
    people: Resources, sign_up: SignUp
) -> None:
    await sign_up()
    for email in ("mina@example.com", "nobody@example.com"):
        for _ in range(people.settings.accounts.log_ins_per_account):
            with pytest.raises(InvalidCredentials):
                await log_in(people, "wrong horse battery", email=email)
        with pytest.raises(RateLimited) as refused:
            await log_in(people, email=email)
        assert 1 <= refused.value.retry_after_seconds <= 30


async def test_what_is_no_password_counts_for_its_own_account_only(
    people: Resources, sign_up: SignUp
) -> None:
    await sign_up()
    for _ in range(people.settings.accounts.log_ins_per_account):
        with pytest.raises(InvalidCredentials):
            await log_in(people, "short", email="jun@example.com")
    with pytest.raises(RateLimited):
        await log_in(people, "short", email="jun@example.com")
    for email in ("mina@example.com", "no address"):
        with pytest.raises(InvalidCredentials):
            await log_in(people, "short", email=email)


async def test_log_ins_are_limited_per_address(people: Resources, sign_up: SignUp) -> None:
    await sign_up()
    for number in range(people.settings.accounts.log_ins_per_address):
        with pytest.raises(InvalidCredentials):
            await log_in(people, email=f"n{number}@example.com", address="192.0.2.7")
    with pytest.raises(RateLimited):
        await log_in(people, address="192.0.2.7")
    await log_in(people, address="192.0.2.8")


async def test_a_right_password_clears_the_count(people: Resources, sign_up: SignUp) -> None:
    await sign_up()
    for _ in range(3):
        for _ in range(people.settings.accounts.log_ins_per_account - 1):
            with pytest.raises(InvalidCredentials):
                await log_in(people, "wrong horse battery")
        await log_in(people)


async def test_a_refresh_token_is_traded_for_the_next(people: Resources, sign_up: SignUp) -> None:
    first = await sign_up()
    second = await service.refresh_session(people, refresh_token=first.refresh_token)
    third = await service.refresh_session(people, refresh_token=second.refresh_token)
    assert {first.session.id, second.session.id, third.session.id} == {first.session.id}
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert third.session.last_used_at >= first.session.last_used_at
    await service.authenticate(people, access_token=third.access_token)


async def test_a_spent_refresh_token_ends_the_family(people: Resources, sign_up: SignUp) -> None:
    first, other = await sign_up(), await log_in(people)
    second = await service.refresh_session(people, refresh_token=first.refresh_token)
    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(InvalidCredentials):
            await service.refresh_session(people, refresh_token=token)
    with pytest.raises(Unauthenticated):
        await service.authenticate(people, access_token=second.access_token)
    await service.refresh_session(people, refresh_token=other.refresh_token)


async def test_a_refresh_token_used_at_once_twice_has_one_winner_at_most(
    people: Resources, sign_up: SignUp
) -> None:
    token = (await sign_up()).refresh_token
    outcomes = await asyncio.gather(
        *(service.refresh_session(people, refresh_token=token) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, service.SignedIn) for outcome in outcomes) <= 1
    assert await Session.count() == 0


@pytest.mark.parametrize("text", ["", ".", "a", "a.", ".b", "a.b", "가.나", "x" * 5000, "a.b.c"])
async def test_nonsense_is_no_refresh_token(people: Resources, text: str) -> None:
    with pytest.raises(InvalidCredentials):
        await service.refresh_session(people, refresh_token=text)


async def test_an_unused_session_expires(people: Resources, sign_up: SignUp) -> None:
    signed_in = await sign_up()
    await signed_in.session.set({"refresh_expires_at_ms": 1})
    with pytest.raises(InvalidCredentials):
        await service.refresh_session(people, refresh_token=signed_in.refresh_token)


async def test_log_out_here_and_everywhere(people: Resources, sign_up: SignUp) -> None:
    first = await sign_up()
    second, third = await log_in(people), await log_in(people)
    user_id = first.user.id
    await service.log_out(people, user_id=user_id, session_id=first.session.id)
    with pytest.raises(Unauthenticated):
        await service.authenticate(people, access_token=first.access_token)
    await service.authenticate(people, access_token=second.access_token)
    await service.log_out(people, user_id=user_id, session_id=second.session.id, everywhere=True)
    for signed_in in (second, third):
        with pytest.raises(Unauthenticated):
            await service.authenticate(people, access_token=signed_in.access_token)


async def test_nobody_ends_a_session_of_another(people: Resources, sign_up: SignUp) -> None:
    mina, jun = await sign_up(), await sign_up(email="jun@example.com")
    await service.log_out(people, user_id=jun.user.id, session_id=mina.session.id)
    await service.authenticate(people, access_token=mina.access_token)


async def test_the_oldest_session_goes(people: Resources, sign_up: SignUp) -> None:
    accounts = people.settings.accounts.model_copy(update={"max_sessions": 3})
    few = replace(people, settings=people.settings.model_copy(update={"accounts": accounts}))
    first = await sign_up()
    rest = [await log_in(few) for _ in range(3)]
    listed = await service.list_sessions(few, user_id=first.user.id)
    assert [session.id for session in listed] == [each.session.id for each in reversed(rest)]


async def test_profile(people: Resources, sign_up: SignUp) -> None:
    user_id = (await sign_up()).user.id
    changed = await service.update_profile(people, user_id=user_id, gender=Gender.FEMALE)
    assert (changed.nickname, changed.gender) == ("미나", Gender.FEMALE)
    changed = await service.update_profile(people, user_id=user_id, nickname="새 이름")
    assert (changed.nickname, changed.gender) == ("새 이름", Gender.FEMALE)
    changed = await service.update_profile(people, user_id=user_id, gender=None)
    assert changed.gender is None
    assert (await service.get_user(people, user_id=user_id)).gender is None
    with pytest.raises(InvalidInput):
        await service.update_profile(people, user_id=user_id, nickname=None)
    assert await service.update_profile(people, user_id=user_id) == changed


async def test_nobody_is_not_found(people: Resources) -> None:
    with pytest.raises(NotFound):
        await service.get_user(people, user_id="nobody")
    with pytest.raises(NotFound):
        await service.update_profile(people, user_id="nobody", nickname="이름")


async def test_an_old_hash_is_renewed_at_log_in(people: Resources, sign_up: SignUp) -> None:
    user = (await sign_up()).user
    accounts = people.settings.accounts.model_copy(update={"hash_rounds": 3})
    from dupi.accounts.passwords import PasswordHasher

    stronger = replace(people, passwords=PasswordHasher(accounts))
    await log_in(stronger)
    renewed = (await service.get_user(people, user_id=user.id)).password_hash
    assert renewed != user.password_hash
    assert "t=3" in renewed
    stronger.passwords.close()
