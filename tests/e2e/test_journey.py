"""One person's journey on the real store, Triton, vLLM and web."""

import httpx
import pytest

from api.local_stack.demo.client import Answer, ApiClient, Refused
from api.local_stack.demo.journey import Journey, travel
from api.local_stack.demo.photos import demo_shots, example_photos
from dupi.knowledge.vocabulary import Condition
from tests.e2e.conftest import Notes, analyse, example, new_person
from tests.support.outcomes import check_completed
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

_CONDITIONS = [condition.value for condition in Condition]


@pytest.fixture(scope="module")
async def journey(stack: RunningStack) -> Journey:
    """The demo's own journey, gone once."""
    return await travel(stack.web_url, demo_shots(), Notes())


def _grades(findings: list[Answer]) -> dict[str, str]:
    return {finding["condition"]: finding["severity"] for finding in findings}


async def test_it_completes_with_six_findings_in_order(
    journey: Journey, stack: RunningStack
) -> None:
    analysis = journey.analysis
    check_completed(analysis, stack.control)
    assert analysis["progress"] == 1
    assert [finding["condition"] for finding in analysis["findings"]] == _CONDITIONS
    for graded in analysis["photoFindings"]:
        assert [finding["condition"] for finding in graded["findings"]] == _CONDITIONS
        assert graded["inDomainScore"] > 0.5
    assert analysis["notice"]


async def test_every_finding_names_the_version_that_triton_returned(journey: Journey) -> None:
    for finding in journey.analysis["findings"]:
        assert finding["model"] == f"severity_{finding['condition'].lower()}"
        assert int(finding["modelVersion"]) >= 1
        assert sum(finding["probabilities"]) == pytest.approx(1, abs=1e-3)
        assert finding["confidence"] == max(finding["probabilities"])


async def test_the_model_wrote_the_advice(journey: Journey) -> None:
    advice = journey.analysis["advice"]
    assert advice["source"] == "MODEL"
    assert advice["model"]
    assert advice["modelVersion"]
    assert [section["kind"] for section in advice["sections"]][:3] == ["SUMMARY", "CARE", "ROUTINE"]


async def test_events_are_numbered_without_a_gap(journey: Journey) -> None:
    numbers = [event["sequence"] for event in journey.events]
    assert numbers == list(range(1, len(numbers) + 1))
    assert journey.events[-1]["__typename"] == "AnalysisFinished"
    assert journey.events[-1]["analysis"]["status"] == "COMPLETED"


async def test_the_sentences_since_the_last_restart_are_the_advice(journey: Journey) -> None:
    told = ""
    for event in journey.events:
        if event["__typename"] == "AnalysisAdviceRestarted":
            told = ""
        if event["__typename"] == "AnalysisAdviceDelta":
            told += event["text"]
    assert told == journey.analysis["advice"]["text"]


async def test_photos_of_different_grades_get_different_right_findings(journey: Journey) -> None:
    drawn = {one["site"]: one["grades"] for one in example_photos()[:2]}
    found = {
        graded["photo"]["site"]: _grades(graded["findings"])
        for graded in journey.analysis["photoFindings"]
    }
    assert found == drawn
    assert len({tuple(grades.values()) for grades in found.values()}) == 2


async def test_maps_and_photos_are_served_through_their_signed_urls(journey: Journey) -> None:
    finding = next(one for one in journey.analysis["findings"] if one["attentionMapUrl"])
    image = await journey.client.download(finding["attentionMapUrl"])
    assert image.startswith(b"\x89PNG")
    photo = journey.analysis["photos"][0]
    assert (await journey.client.download(photo["url"])).startswith(b"\xff\xd8")
    with pytest.raises(httpx.HTTPStatusError):
        await journey.client.download(photo["url"].replace("signature=", "signature=0"))


async def test_a_client_that_reconnects_misses_nothing(journey: Journey) -> None:
    middle = len(journey.events) // 2
    rest = [e async for e in journey.client.follow(journey.analysis["id"], after=middle)]
    assert [e["sequence"] for e in rest] == [e["sequence"] for e in journey.events[middle:]]
    last = journey.events[-1]["sequence"]
    assert [e async for e in journey.client.follow(journey.analysis["id"], after=last)] == []


async def test_a_photo_drawn_with_no_condition_gets_none_for_all(
    stack: RunningStack, person: ApiClient
) -> None:
    shot, drawn = example("clean")
    assert set(drawn.values()) == {"NONE"}
    analysis = await analyse(stack, person, shot)
    assert _grades(analysis["findings"]) == dict.fromkeys(_CONDITIONS, "NONE")


async def test_a_deleted_photo_leaves_nothing(stack: RunningStack, person: ApiClient) -> None:
    shot, _ = example("clean")
    analysis = await analyse(stack, person, shot)
    urls = [analysis["photos"][0]["url"], analysis["photos"][0]["thumbnailUrl"]]
    urls += [one["attentionMapUrl"] for one in analysis["findings"] if one["attentionMapUrl"]]
    deleted = await person.mutate("DeletePhoto", photoId=analysis["photos"][0]["id"])
    assert deleted["deletedAnalysisIds"] == [analysis["id"]]
    assert await person.query("Analysis", id=analysis["id"]) is None
    for url in urls:
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            await person.download(url)


async def test_others_see_nothing_of_it(journey: Journey, stack: RunningStack) -> None:
    stranger = await new_person(stack.web_url)
    assert await stranger.query("Analysis", id=journey.analysis["id"]) is None
    assert await stranger.query("Node", id=journey.analysis["id"]) is None
    with pytest.raises(Refused, match="NOT_FOUND"):
        await stranger.mutate("DeletePhoto", photoId=journey.analysis["photos"][0]["id"])


async def test_metrics_and_health_are_there(stack: RunningStack) -> None:
    async with httpx.AsyncClient(base_url=stack.web_url) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        assert "# HELP" in (await client.get("/metrics")).text
