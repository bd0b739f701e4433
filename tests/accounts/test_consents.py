"""Consents: documents, history, one that holds."""

import asyncio

import pytest

from dupi.accounts import service
from dupi.accounts.consents import consent_documents, current_version
from dupi.accounts.models import Consent, ConsentKind
from dupi.errors import InvalidInput, NotFound
from dupi.knowledge.vocabulary import Locale
from dupi.resources import Resources

PERSON = "person"
KIND = ConsentKind.SENSITIVE_DATA
VERSION = current_version(KIND) or ""


async def grant(people: Resources, kind: ConsentKind = KIND, version: str = VERSION) -> Consent:
    return await service.grant_consent(people, user_id=PERSON, kind=kind, document_version=version)


async def has(people: Resources, kind: ConsentKind = KIND) -> bool:
    return await service.has_consent(people, user_id=PERSON, kind=kind)


def test_documents_are_the_same_in_both_languages() -> None:
    korean, english = consent_documents(Locale.KO), consent_documents(Locale.EN)
    assert [(d.kind, d.version, d.is_required) for d in korean] == [
        (d.kind, d.version, d.is_required) for d in english
    ]
    assert korean[0].kind is ConsentKind.SENSITIVE_DATA
    assert korean[0].is_required
    for words in ("목적", "항목", "보유 기간", "거부"):
        assert all(words in document.body for document in korean)
    for words in ("Purpose", "Items", "Period", "refuse"):
        assert all(words in document.body for document in english)


async def test_granted_holds_until_withdrawn(people: Resources) -> None:
    assert not await has(people)
    granted = await grant(people)
    assert (granted.kind, granted.document_version, granted.withdrawn_at) == (KIND, VERSION, None)
    assert await has(people)
    assert not await has(people, ConsentKind.MODEL_TRAINING)
    assert not await service.has_consent(people, user_id="other", kind=KIND)
    withdrawn = await service.withdraw_consent(people, user_id=PERSON, kind=KIND)
    assert withdrawn.id == granted.id
    assert withdrawn.withdrawn_at is not None
    assert withdrawn.withdrawn_at >= granted.granted_at
    assert not await has(people)


async def test_history_is_kept_newest_first(people: Resources) -> None:
    first = await grant(people)
    await service.withdraw_consent(people, user_id=PERSON, kind=KIND)
    second = await grant(people)
    listed = await service.list_consents(people, user_id=PERSON)
    assert [consent.id for consent in listed] == [second.id, first.id]
    assert [consent.withdrawn_at is None for consent in listed] == [True, False]
    assert listed[0] == second
    assert all(consent.granted_at.tzinfo for consent in listed)


async def test_the_same_again_is_the_same_consent_in_a_race(people: Resources) -> None:
    granted = await asyncio.gather(*(grant(people) for _ in range(8)))
    assert len({consent.id for consent in granted}) == 1
    assert await Consent.count() == 1


async def test_a_consent_to_an_older_document_does_not_hold(people: Resources) -> None:
    granted = await grant(people)
    await granted.set({"document_version": "2020-01"})
    assert not await has(people)
    renewed = await grant(people)
    assert renewed.id != granted.id
    assert await has(people)
    [_, old] = await service.list_consents(people, user_id=PERSON)
    assert old.withdrawn_at is not None


async def test_withdrawing_has_one_winner(people: Resources) -> None:
    await grant(people)
    tries = [service.withdraw_consent(people, user_id=PERSON, kind=KIND) for _ in range(5)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, Consent) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotFound) for outcome in outcomes) == 4


@pytest.mark.parametrize(
    ("kind", "version", "field"),
    [
        (KIND, "1900-01", "documentVersion"),
        (KIND, "", "documentVersion"),
        (ConsentKind.GUARDIAN, VERSION, "kind"),
        (ConsentKind.PARTNER_SHARING, VERSION, "kind"),
    ],
)
async def test_what_is_not_asked_for_cannot_be_granted(
    people: Resources, kind: ConsentKind, version: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await grant(people, kind, version)
    assert refused.value.fields[0].path == (field,)
