"""An archive of one's data, as GraphQL text."""

import io
import zipfile

import pytest

from dupi.accounts.export_models import DataExport
from dupi.accounts.exports import make_next_export
from dupi.resources import Resources
from tests.support.web import PASSWORD, Caller


async def ask(who: Caller, **given: str) -> dict[str, object]:
    answer: dict[str, object] = await who.run("RequestDataExport", input=given)
    return answer


async def test_it_is_asked_for_followed_and_fetched(
    mina: Caller, parts: Resources, photo: bytes
) -> None:
    await mina.upload(photo)
    queued = (await mina.run("RequestDataExport", input={}))["dataExport"]
    assert (queued["status"], queued["progress"], queued["url"]) == ("QUEUED", 0, None)
    assert await make_next_export(parts)
    ready = await mina.run("Node", id=queued["id"])
    assert (ready["dataExportStatus"], ready["progress"]) == ("READY", 1)
    [listed] = (await mina.run("DataExports"))["dataExports"]
    assert listed["id"] == queued["id"]
    fetched = await mina.http.get(listed["url"])
    assert fetched.status_code == 200
    assert fetched.headers["content-type"] == "application/zip"
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert fetched.headers["cache-control"] == "private, no-store"
    assert len(fetched.content) == listed["sizeBytes"]
    assert zipfile.ZipFile(io.BytesIO(fetched.content)).testzip() is None


async def test_one_at_a_time(mina: Caller) -> None:
    first = (await mina.run("RequestDataExport", input={}))["dataExport"]
    second = await ask(mina)
    assert (second["__typename"], second["currentId"]) == ("ConflictError", first["id"])
    assert "데이터" in str(second["message"])


async def test_a_few_a_day(mina: Caller, parts: Resources) -> None:
    for _ in range(parts.settings.accounts.exports_per_person):
        assert (await ask(mina))["__typename"] == "RequestDataExportPayload"
        await make_next_export(parts)
    assert (await ask(mina))["__typename"] == "RateLimitedError"


async def test_a_key_is_safe_to_repeat_and_checked(mina: Caller) -> None:
    first, again = await ask(mina, idempotencyKey="k"), await ask(mina, idempotencyKey="k")
    assert first == again
    for key in ("", "x" * 300):
        assert (await ask(mina, idempotencyKey=key))["__typename"] == "InvalidInputError"


async def test_it_needs_a_session(anyone: Caller) -> None:
    assert (await ask(anyone))["__typename"] == "UnauthenticatedError"


async def test_another_s_is_not_there(mina: Caller, parts: Resources, anyone: Caller) -> None:
    export_id = (await mina.run("RequestDataExport", input={}))["dataExport"]["id"]
    await make_next_export(parts)
    await anyone.sign_up("jun@example.com")
    assert await anyone.run("Node", id=export_id) is None
    assert (await anyone.run("DataExports"))["dataExports"] == []


@pytest.mark.parametrize("change", ["x", "signature"])
async def test_a_url_that_was_changed_is_nothing(
    mina: Caller, parts: Resources, change: str
) -> None:
    await mina.run("RequestDataExport", input={})
    await make_next_export(parts)
    [listed] = (await mina.run("DataExports"))["dataExports"]
    url = listed["url"] + "0" if change == "signature" else listed["url"].replace(".zip", "x.zip")
    assert (await mina.http.get(url)).status_code == 404


async def test_one_that_is_gone_is_nothing(mina: Caller, parts: Resources) -> None:
    await mina.run("RequestDataExport", input={})
    await make_next_export(parts)
    [listed] = (await mina.run("DataExports"))["dataExports"]
    [export] = await DataExport.find({}).to_list()
    await parts.storage.delete(export.key)
    assert (await mina.http.get(listed["url"])).status_code == 404


async def test_the_account_s_end_ends_the_url(mina: Caller, parts: Resources) -> None:
    await mina.run("RequestDataExport", input={})
    await make_next_export(parts)
    [listed] = (await mina.run("DataExports"))["dataExports"]
    await mina.run("DeleteAccount", input={"password": PASSWORD})
    assert (await mina.http.get(listed["url"])).status_code == 404
