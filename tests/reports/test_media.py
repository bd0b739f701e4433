"""Urls of reports: signed, short-lived, the owner's alone, gone with what they are made of."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from dupi.analyses.models import Analysis
from dupi.clock import utc_now
from dupi.errors import NotFound
from dupi.ids import new_id
from dupi.knowledge.vocabulary import Locale
from dupi.reports import printing
from dupi.reports.printing import Report, ReportPrinter
from dupi.reports.service import ReportKey
from dupi.resources import Resources
from dupi.settings import ReportSettings
from dupi.signing import signed_path
from tests.analyses.doubles import says
from tests.reports.made import Clinic
from tests.support.web import Caller, caller


async def nothing(who: Caller) -> httpx.Response:
    """What is answered to a url that never was."""
    return await who.http.get("/media/analyses/x/y/report-ko.pdf?expires=1&signature=0")


def assert_same(answer: httpx.Response, absent: httpx.Response) -> None:
    assert (answer.status_code, answer.content) == (404, absent.content)


async def test_it_is_kept_by_nobody(clinic: Clinic) -> None:
    answer = await clinic.fetched(await clinic.completed(says()))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"%PDF-")


async def test_there_is_none_before_it_is_completed(clinic: Clinic) -> None:
    analysis_id = await clinic.queued()
    assert (await clinic.who.run("Report", id=analysis_id))["reportUrl"] is None


async def test_an_unfinished_one_is_nothing_even_with_a_signature(
    clinic: Clinic, parts: Resources
) -> None:
    await clinic.queued()
    [key] = await keys_of_all()
    url = signed_path(parts.settings.secret, str(key), utc_now() + timedelta(minutes=1))
    assert_same(await clinic.who.http.get(url), await nothing(clinic.who))


async def keys_of_all() -> list[ReportKey]:
    return [ReportKey(one.owner_id, one.id, Locale.KO) async for one in Analysis.find_all()]


async def test_a_stranger_has_no_url(clinic: Clinic, app: Starlette) -> None:
    analysis_id = await clinic.completed(says())
    async with caller(app) as other:
        await other.sign_up("other@example.com")
        assert await other.run("Report", id=analysis_id) is None
        assert await other.run("Report", id="nonsense") is None


async def test_an_anonymous_caller_has_none(clinic: Clinic, anyone: Caller) -> None:
    analysis_id = await clinic.completed(says())
    document = "query Q($id: ID!) { analysis(id: $id) { reportUrl } }"
    assert await anyone.code(document, id=analysis_id) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("old", "new"),
    [("signature=", "signature=0"), ("expires=", "expires=9"), ("report-ko", "report-en")],
)
async def test_a_url_that_was_changed_is_nothing(clinic: Clinic, old: str, new: str) -> None:
    url = (await clinic.url(await clinic.completed(says()))).replace(old, new, 1)
    assert_same(await clinic.who.http.get(url), await nothing(clinic.who))


async def test_a_url_ends(clinic: Clinic, app: Starlette, parts: Resources) -> None:
    short = parts.settings.photos.model_copy(update={"url_lifetime_seconds": 1})
    settings = parts.settings.model_copy(update={"photos": short})
    app.state.resources = replace(parts, settings=settings)
    url = await clinic.url(await clinic.completed(says()))
    await asyncio.sleep(1.1)
    assert_same(await clinic.who.http.get(url), await nothing(clinic.who))


async def test_it_goes_with_its_analysis(clinic: Clinic) -> None:
    analysis_id = await clinic.completed(says())
    url = await clinic.url(analysis_id)
    await clinic.who.run("DeleteAnalysis", input={"analysisId": analysis_id})
    assert_same(await clinic.who.http.get(url), await nothing(clinic.who))


async def test_it_goes_with_its_photo(clinic: Clinic) -> None:
    analysis_id = await clinic.completed(says())
    url = await clinic.url(analysis_id)
    [photo] = (await clinic.who.run("Analysis", id=analysis_id))["photos"]
    await clinic.who.run("DeletePhoto", input={"photoId": photo["id"]})
    assert_same(await clinic.who.http.get(url), await nothing(clinic.who))


async def test_many_of_one_person_are_told_to_wait(
    clinic: Clinic, app: Starlette, parts: Resources
) -> None:
    few = parts.settings.reports.model_copy(update={"reports_per_person": 1})
    settings = parts.settings.model_copy(update={"reports": few})
    app.state.resources = replace(parts, settings=settings)
    url = await clinic.url(await clinic.completed(says()))
    assert (await clinic.who.http.get(url)).status_code == 200
    refused = await clinic.who.http.get(url)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1


async def test_many_at_once_are_refused_before_photos_are_read(
    clinic: Clinic, app: Starlette, parts: Resources
) -> None:
    printer = ReportPrinter(ReportSettings(workers=1, queue=0))
    app.state.resources = replace(parts, reports=printer)
    url = await clinic.url(await clinic.completed(says()))
    with printer.place():
        refused = await clinic.who.http.get(url)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
    assert (await clinic.who.http.get(url)).status_code == 200
    printer.close()


async def test_one_that_takes_too_long_is_given_up(
    clinic: Clinic, app: Starlette, parts: Resources
) -> None:
    printer = ReportPrinter(ReportSettings(timeout_seconds=1e-6))
    app.state.resources = replace(parts, reports=printer)
    assert (await clinic.fetched(await clinic.completed(says()))).status_code == 503
    printer.close()


async def test_the_event_loop_goes_on_meanwhile(clinic: Clinic, app: Starlette) -> None:
    """Setting a report is seen not to run where requests do."""
    seen: list[str] = []
    real = printing._print

    def watched(report: Report) -> bytes:
        seen.append(threading.current_thread().name)
        return real(report)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "_print", watched)
        await clinic.report(await clinic.completed(says()))
    assert len(seen) == 1
    assert seen[0] != threading.main_thread().name


def test_a_key_names_one_report() -> None:
    key = ReportKey(new_id(), new_id(), Locale.EN)
    assert ReportKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "report-ko.pdf", "analyses/../x/report-ko.pdf"])
def test_another_key_names_none(text: str) -> None:
    with pytest.raises(NotFound):
        ReportKey.parse(text)
