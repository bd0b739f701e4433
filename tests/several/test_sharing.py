"""Several processes as one platform: what one took, the others know at once.

Nobody looks by himself for ten minutes here, so whatever is prompt is so by hints alone.
"""

import asyncio
import signal
from collections import Counter
from typing import Final

import httpx
import pytest

from api.local_stack.demo.client import Answer, ApiClient, Refused
from tests.e2e.conftest import example, follow_to_end, new_person, request_analysis
from tests.several.conftest import Several, at, path_of
from tests.support.outcomes import check_completed
from tests.support.web import operation, socket

pytestmark = pytest.mark.stack

LOG_INS: Final = 4
SETTINGS: Final = {
    "DUPI_ANALYSES__POLL_SECONDS": "600",
    "DUPI_ANALYSES__LEASE_SECONDS": "120",
    "DUPI_ACCOUNTS__LOG_INS_PER_ACCOUNT": str(LOG_INS),
    "DUPI_ACCOUNTS__ACCOUNT_REFILL_SECONDS": "3600",
}
_PATIENCE_S: Final = 150
"""Far longer than an analysis takes, far shorter than the time between two looks."""


async def _followed(person: ApiClient, analysis_id: str) -> list[Answer]:
    async with asyncio.timeout(_PATIENCE_S):
        return await follow_to_end(person, analysis_id)


def _told(events: list[Answer]) -> list[tuple[int, str, str]]:
    """Without the urls, which are signed anew for each who asks."""
    return [(one["sequence"], one["__typename"], one.get("text", "")) for one in events]


async def test_a_photo_of_one_web_is_served_by_the_other(several: Several) -> None:
    one, two = several.webs
    person = await new_person(one)
    shot, _ = example("clean")
    photo = await person.upload(shot.path, shot.site)
    there = at(person, two)
    [edge] = (await there.query("Photos"))["photos"]["edges"]
    assert edge["node"]["id"] == photo["id"]
    for url in (photo["url"], photo["thumbnailUrl"], edge["node"]["thumbnailUrl"]):
        served = await person.download(path_of(url))
        assert served.startswith(b"\xff\xd8")
        assert await there.download(path_of(url)) == served


async def test_asked_at_one_web_and_followed_live_at_the_other(several: Several) -> None:
    one, two = several.webs
    person = await new_person(one)
    analysis_id = await request_analysis(person, example("crown")[0])
    events = await _followed(at(person, two), analysis_id)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    check_completed(events[-1]["analysis"], several.control, several.shared)
    assert _told(await _followed(person, analysis_id)) == _told(events)
    analysis = await at(person, two).query("Analysis", id=analysis_id)
    found = next(one["attentionMapUrl"] for one in analysis["findings"] if one["attentionMapUrl"])
    for web in several.webs:
        assert (await ApiClient(web).download(path_of(found))).startswith(b"\x89PNG")


async def test_two_workers_do_each_analysis_once(several: Several) -> None:
    people = [await new_person(several.webs[number % 2]) for number in range(6)]
    shot, _ = example("clean")
    asked = [await request_analysis(person, shot) for person in people]
    followers = (
        _followed(at(person, several.webs[1 - number % 2]), analysis_id)
        for number, (person, analysis_id) in enumerate(zip(people, asked, strict=True))
    )
    for events in await asyncio.gather(*followers):
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        check_completed(events[-1]["analysis"], several.control, several.shared)
        kinds = Counter(event["__typename"] for event in events)
        assert kinds["AnalysisFindingsReady"] == kinds["AnalysisFinished"] == 1
    for analysis in await several.stored("analyses"):
        assert (analysis["attempt"], analysis["claims"]) == (1, 1)
    done = [
        several.log_of(worker).count("analysis_completed") for worker in ("worker-1", "worker-2")
    ]
    assert min(done) > 0
    assert sum(done) == len(await several.stored("analyses"))


async def test_tries_at_one_web_count_at_the_other(several: Several) -> None:
    guess = {"email": "someone@example.com", "password": "not the right one at all"}
    codes = []
    for number in range(LOG_INS + 2):
        with pytest.raises(Refused) as refused:
            await ApiClient(several.webs[number % 2]).mutate("LogIn", **guess)
        codes.append(refused.value.error["code"])
    assert codes == ["INVALID_CREDENTIALS"] * LOG_INS + ["RATE_LIMITED"] * 2


async def test_signing_out_at_one_web_ends_the_stream_at_the_other(several: Several) -> None:
    one, two = several.webs
    person = await new_person(one)
    for worker in ("worker-1", "worker-2"):
        several.signal(worker, signal.SIGSTOP)
    analysis_id = await request_analysis(person, example("clean")[0])
    async with socket(two.removeprefix("http://")) as wire:
        wire.patience_s = _PATIENCE_S
        await wire.initialise(person.token)
        await wire.subscribe(operation("AnalysisProgress"), id=analysis_id)
        assert (await wire.receive())["payload"]["data"]["analysisProgress"]["sequence"] == 1
        await person.mutate("LogOut", everywhere=False)
        assert await wire.close_code() == 4401


async def test_what_is_deleted_at_one_web_leaves_nothing_in_the_bucket(several: Several) -> None:
    one, two = several.webs
    person, other = await new_person(one), await new_person(two)
    shot, _ = example("crown")
    kept = await other.upload(shot.path, shot.site)
    analysis_id = await request_analysis(person, shot)
    await _followed(at(person, two), analysis_id)
    analysis = await person.query("Analysis", id=analysis_id)
    photo = analysis["photos"][0]
    before = set(several.buckets.keys())
    await at(person, two).mutate("DeletePhoto", photoId=photo["id"])
    gone = before - set(several.buckets.keys())
    assert {key.split("/")[1] for key in gone} == {"photos", "analyses"}
    [owner] = {key.split("/")[2] for key in gone}
    assert not [key for key in several.buckets.keys() if f"/{owner}/" in key]  # noqa: SIM118
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await person.download(path_of(photo["url"]))
    assert await other.download(path_of(kept["url"]))
