"""Confirming e-mails, and ending sessions one by one, on the real store."""

import pytest

from dupi.accounts import service
from dupi.errors import InvalidCredentials, NotFound
from dupi.resources import Resources
from tests.accounts.conftest import SignUp
from tests.accounts.test_credentials import EMAIL, is_in, log_in
from tests.support.letters import LetterBox, deliver


async def test_confirming_an_email(people: Resources, sign_up: SignUp, letters: LetterBox) -> None:
    user = (await sign_up()).user
    await deliver(people)
    token = letters.token()
    verified_at = await service.verify_email(people, token=token)
    confirmed = await service.get_user(people, user_id=user.id)
    assert confirmed.email_verified_at == verified_at
    with pytest.raises(InvalidCredentials):
        await service.verify_email(people, token=token)
    await service.request_email_verification(people, user_id=user.id)
    await deliver(people)
    assert len(letters.sent) == 1  # there is nothing left to ask


async def test_a_reset_confirms_the_email_too(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    await service.request_password_reset(people, email=EMAIL)
    await deliver(people)
    await service.reset_password(people, token=letters.token(), new="a new long passphrase")
    assert (await service.get_user(people, user_id=user.id)).email_verified_at


async def test_revoking_sessions(people: Resources, sign_up: SignUp) -> None:
    first, second = await sign_up(), await log_in(people)
    other = (await sign_up(email="jun@example.com")).user.id
    with pytest.raises(NotFound):
        await service.revoke_session(people, user_id=other, session_id=first.session.id)
    mine = {"user_id": first.user.id, "session_id": first.session.id}
    await service.revoke_session(people, **mine)
    assert [await is_in(people, one) for one in (first, second)] == [False, True]
    with pytest.raises(NotFound):
        await service.revoke_session(people, **mine)
