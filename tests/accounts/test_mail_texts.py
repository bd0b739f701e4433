"""What people read in their mail."""

from dataclasses import replace

from dupi.accounts import service
from dupi.knowledge.vocabulary import Locale
from dupi.resources import Resources
from tests.accounts.conftest import SignUp
from tests.support.letters import LetterBox, deliver

EMAIL = "mina@example.com"


async def test_mails_follow_the_language(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    await sign_up(locale=Locale.EN)
    await service.request_password_reset(people, email=EMAIL, locale=Locale.EN)
    await deliver(people)
    for mail in letters.sent:
        assert mail.subject.startswith("[Dupi]")
        assert mail.body.isascii()
    await service.request_password_reset(people, email=EMAIL, locale=Locale.KO)
    await deliver(people)
    assert "비밀번호" in letters.sent[-1].subject


async def test_nothing_that_somebody_typed_stands_in_a_mail(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    """Whoever signs up with another's address cannot write to them."""
    await sign_up(nickname="Win at evil.example")
    await service.request_password_reset(people, email=EMAIL)
    await deliver(people)
    assert len(letters.sent) == 2
    assert not [mail for mail in letters.sent if "evil" in mail.subject + mail.body]


async def test_a_page_takes_the_token_where_there_is_one(
    people: Resources, sign_up: SignUp, letters: LetterBox
) -> None:
    page = "https://app.example/reset"
    mail = people.settings.mail.model_copy(update={"reset_page": page})
    linked = replace(people, settings=people.settings.model_copy(update={"mail": mail}))
    await sign_up()
    await deliver(people)
    await service.request_password_reset(linked, email=EMAIL)
    await deliver(linked)
    assert f"{page}#token={letters.token()}" in letters.sent[-1].body
