"""The history of consents, with the versions of their documents, as GraphQL text."""

from dupi.accounts.models import Consent
from tests.support.web import Caller

KIND = {"kind": "SENSITIVE_DATA"}


async def test_the_history_keeps_what_was_withdrawn_with_its_version(mina: Caller) -> None:
    await mina.run("WithdrawConsent", input=KIND)
    await mina.consent()
    newest, oldest = (await mina.run("Viewer"))["consents"]
    assert (newest["withdrawnAt"], oldest["withdrawnAt"] is None) == (None, False)
    [document] = [one for one in await mina.run("ConsentDocuments") if one["kind"] == KIND["kind"]]
    assert newest["documentVersion"] == oldest["documentVersion"] == document["version"]


async def test_a_consent_to_an_earlier_document_stays_in_the_history(mina: Caller) -> None:
    await Consent.get_pymongo_collection().update_many({}, {"$set": {"document_version": "2020-1"}})
    await mina.consent()
    newest, oldest = (await mina.run("Viewer"))["consents"]
    assert (oldest["documentVersion"], newest["documentVersion"] == "2020-1") == ("2020-1", False)
    assert oldest["withdrawnAt"]  # replaced by the one to the new text


async def test_a_consent_is_found_by_its_owner_alone(mina: Caller, anyone: Caller) -> None:
    [consent] = (await mina.run("Viewer"))["consents"]
    found = await mina.run("Node", id=consent["id"])
    assert (found["__typename"], found["kind"]) == ("Consent", "SENSITIVE_DATA")
    await mina.run("WithdrawConsent", input=KIND)
    assert (await mina.run("Node", id=consent["id"]))["withdrawnAt"]
    await anyone.sign_up("jun@example.com")
    assert await anyone.run("Node", id=consent["id"]) is None
