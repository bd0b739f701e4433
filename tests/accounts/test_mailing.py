"""Mail that is owed is stored with what it tells of, and sent at least once, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from api.upkeep import send_mail_until
from dupi.accounts import mailing, service
from dupi.accounts.mailing import relay_next
from dupi.accounts.models import MailKind, User
from dupi.adapters.mail import Mail, MailRefused, SmtpMailer
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Unavailable
from dupi.resources import Resources
from tests.accounts.conftest import PASSWORD, SignUp
from tests.support.letters import LetterBox, deliver
from tests.support.patience import HANGS_AFTER_S
from tests.support.smtp import MailServer, running_mail_server

EMAIL = "mina@example.com"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with running_mail_server() as running:
        yield running


async def stored(user_id: str) -> User:
    user = await User.get(user_id)
    assert user is not None
    return user


async def due_again(user_id: str) -> None:
    """Whoever had it in hand is dead by now, or the pause is over."""
    await User.get_pymongo_collection().update_one({"_id": user_id}, {"$set": {"mail_due_ms": 1}})


async def test_a_sign_up_owes_a_mail_from_its_first_write_on(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    row = await stored(user.id)
    assert [mail.kind for mail in row.mails.values()] == [MailKind.VERIFY_EMAIL]
    assert letters.sent == []
    await deliver(people)
    [mail] = letters.sent
    assert mail.recipient == EMAIL
    assert letters.token().startswith(user.id)
    after = await stored(user.id)
    assert (after.mails, after.mail_due_ms) == ({}, 0)
    assert await relay_next(people) is False


async def test_nobody_makes_the_token_from_the_store(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    before = repr(await User.get_pymongo_collection().find_one({"_id": user.id}))
    await deliver(people)
    after = repr(await User.get_pymongo_collection().find_one({"_id": user.id}))
    secret = letters.token().partition(".")[2]
    assert secret not in before
    assert secret not in after


async def test_a_server_that_is_away_costs_time_and_no_mail(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    letters.outcomes.extend([Unavailable("away")] * 3)
    pauses = []
    for _ in range(3):
        assert await relay_next(people)
        assert not await relay_next(people)  # it is left alone for a while
        pauses.append((await stored(user.id)).mail_due_ms - epoch_ms(utc_now()))
        await due_again(user.id)
    assert 0 < pauses[0] < pauses[1] < pauses[2]
    await deliver(people)
    assert len(letters.sent) == 1


async def test_pauses_end_somewhere(people: Resources, sign_up: SignUp, letters: LetterBox) -> None:
    user = (await sign_up()).user
    await user.set({"mail_tries": 500})
    letters.outcomes.append(Unavailable("away"))
    await relay_next(people)
    assert (await stored(user.id)).mail_due_ms <= epoch_ms(utc_now()) + 600_000


async def test_who_is_refused_is_not_tried_again(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    letters.outcomes.append(MailRefused("no such mailbox"))
    await deliver(people)
    assert (letters.tries, letters.sent) == (1, [])
    assert (await stored(user.id)).mails == {}


async def test_what_is_too_old_is_not_sent(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    users = User.get_pymongo_collection()
    old = {"mails.VERIFY_EMAIL.expires_at_ms": 1}
    await users.update_one({"_id": user.id}, {"$set": old})
    await deliver(people)
    assert letters.tries == 0
    assert (await stored(user.id)).mails == {}


async def test_a_relay_that_dies_is_made_up_for(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    letters.outcomes.append(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await relay_next(people)
    assert not await relay_next(people)  # somebody may still be at it
    await due_again(user.id)
    await deliver(people)
    assert len(letters.sent) == 1


async def test_a_mail_sent_twice_is_known_by_its_id(
    people: Resources, sign_up: SignUp, letters: LetterBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = (await sign_up()).user

    async def die(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_take_out", die)
        with pytest.raises(asyncio.CancelledError):
            await relay_next(people)
    await due_again(user.id)
    await deliver(people)
    assert len(letters.sent) == 2
    assert letters.sent[0] == letters.sent[1]


async def test_what_is_queued_while_another_is_sent_is_kept(
    people: Resources, sign_up: SignUp
) -> None:
    """Of the same kind too: only what was sent is taken out."""
    user = (await sign_up()).user
    sent: list[Mail] = []

    class Meanwhile:
        async def send(self, mail: Mail) -> None:
            sent.append(mail)
            if len(sent) == 1:
                await service.request_email_verification(people, user_id=user.id)
                await service.request_password_reset(people, email=EMAIL)

    await deliver(replace(people, mailer=Meanwhile()))
    assert len(sent) == 3
    assert len({mail.id for mail in sent}) == 3
    assert (await stored(user.id)).mails == {}


async def test_many_requests_queue_one_mail_of_a_kind(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    await deliver(people)
    for _ in range(4):
        await service.request_password_reset(people, email=EMAIL)
    assert len((await stored(user.id)).mails) == 1
    await deliver(people)
    assert len(letters.sent) == 2


async def test_several_relays_send_each_once(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    emails = [f"p{number}@example.com" for number in range(12)]
    for email in emails:
        await sign_up(email=email)
    await asyncio.gather(*(deliver(people) for _ in range(4)))
    assert sorted(mail.recipient for mail in letters.sent) == sorted(emails)


async def test_who_has_left_gets_no_mail(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    user = (await sign_up()).user
    await service.delete_account(people, user_id=user.id, password=PASSWORD)
    await service.request_password_reset(people, email=EMAIL)
    await deliver(people)
    assert letters.tries == 0


async def test_the_worker_s_relay_sends_at_once_and_ends(
    people: Resources, sign_up: SignUp, server: MailServer
) -> None:
    """Through a real server; a hint wakes the relay, whose own pace would take an hour."""
    slow = people.settings.mail.model_copy(update={"poll_seconds": 3600.0})
    real = replace(
        people,
        settings=people.settings.model_copy(update={"mail": slow}),
        mailer=SmtpMailer(server.url, sender="Dupi <a@b.example>", timeout_seconds=HANGS_AFTER_S),
    )
    stop = asyncio.Event()
    relay = asyncio.create_task(send_mail_until(real, stop))
    await asyncio.sleep(0)
    await sign_up()
    async with asyncio.timeout(HANGS_AFTER_S):
        while not server.mails:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        stop.set()
        await relay
    assert server.mails[0].recipients == [EMAIL]
