"""The documents that clients send: valid, and answered by the real app over the real store."""

from typing import Any

import pytest
from graphql import parse, validate

from dupi.knowledge.vocabulary import ScalpSite, TreatmentFrequency
from dupi.resources import Resources
from schema.root import schema
from tests.analyses.running import a_good_reply, run_one
from tests.knowledge.cases import a_case, a_survey
from tests.support.advisor_server import AdvisorServer, Script
from tests.support.web import OPERATIONS, PASSWORD, SURVEY, Caller, operation, socket

NAMES = sorted(path.stem for path in OPERATIONS.glob("*.graphql"))
MUTATIONS = [name for name in NAMES if operation(name).startswith("mutation")]
DYES = a_survey(dye_frequency=TreatmentFrequency[SURVEY["dyeFrequency"]])
REPLY = a_good_reply(a_case({}, DYES, sites=(ScalpSite.CROWN,)))
"""To what SURVEY answers, where nothing was found."""


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_valid_and_named_as_its_file(name: str) -> None:
    document = parse(operation(name))
    assert validate(schema._schema, document) == []
    assert document.definitions[0].name.value == name  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_ready_for_errors_that_do_not_exist_yet(name: str) -> None:
    text = operation(name)
    assert "__typename" in text
    assert "... on UserError" in text


async def test_the_journey(
    mina: Caller, web: str, platform: Resources, advisor: AdvisorServer, photo: bytes
) -> None:
    """Every operation once, in the order in which a person would come to it."""
    assert len(await mina.run("Conditions")) == 6
    assert (await mina.run("Survey"))["questions"]
    uploaded = (await mina.upload(photo))["photo"]
    queued = await mina.run(
        "RequestAnalysis", input={"photoIds": [uploaded["id"]], "survey": SURVEY}
    )
    analysis_id = queued["analysis"]["id"]
    advisor.scripts.append(Script(REPLY))
    await run_one(platform)
    events = await follow(web, mina.token, analysis_id)
    await check_analysis(mina, analysis_id, uploaded["id"], events)
    await check_lists(mina, analysis_id)
    await check_leaving(mina, analysis_id, uploaded["id"])


async def follow(web: str, token: str | None, analysis_id: str) -> list[dict[str, Any]]:
    async with socket(web) as wire:
        await wire.initialise(token)
        await wire.subscribe(operation("AnalysisProgress"), id=analysis_id)
        events = [event async for event in wire.events()]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["__typename"] == "AnalysisFinished"
    assert {event["analysisId"] for event in events} == {analysis_id}
    return events


async def check_analysis(
    mina: Caller, analysis_id: str, photo_id: str, events: list[dict[str, Any]]
) -> None:
    found = await mina.run("Analysis", id=analysis_id)
    assert found["status"] == "COMPLETED"
    assert [finding["condition"] for finding in found["findings"]] == [
        "FINE_SCALING",
        "EXCESS_SEBUM",
        "INTERFOLLICULAR_ERYTHEMA",
        "FOLLICULAR_PUSTULES",
        "DANDRUFF",
        "HAIR_LOSS",
    ]
    assert found["photoFindings"][0]["photo"]["id"] == photo_id
    told = {event["__typename"]: event for event in events}
    told_findings = [unsigned(finding) for finding in told["AnalysisFindingsReady"]["findings"]]
    assert told_findings == [unsigned(finding) for finding in found["findings"]]
    assert told["AnalysisPlanReady"]["plan"] == found["plan"]
    deltas = [event["text"] for event in events if event["__typename"] == "AnalysisAdviceDelta"]
    assert "".join(deltas) == found["advice"]["text"]
    assert "진단" in found["notice"]
    assert (await mina.run("Node", id=analysis_id))["__typename"] == "Analysis"
    for url in (found["photos"][0]["url"], found["findings"][0]["attentionMapUrl"]):
        assert (await mina.http.get(url)).status_code == 200


def unsigned(finding: dict[str, Any]) -> dict[str, Any]:
    """A finding without its url, which differs by the second in which it was signed."""
    return {name: value for name, value in finding.items() if name != "attentionMapUrl"}


async def check_lists(mina: Caller, analysis_id: str) -> None:
    viewer = await mina.run("Viewer")
    assert [session["isCurrent"] for session in viewer["sessions"]] == [True]
    assert [consent["kind"] for consent in viewer["consents"]] == ["SENSITIVE_DATA"]
    photos = (await mina.run("Photos", first=5))["photos"]
    assert len(photos["edges"]) == 1
    analyses = (await mina.run("Analyses", filter={"status": "COMPLETED"}))["analyses"]
    assert [edge["node"]["id"] for edge in analyses["edges"]] == [analysis_id]
    await check_history(mina, analysis_id)


async def check_history(mina: Caller, analysis_id: str) -> None:
    assert (await mina.run("Changes", id=analysis_id))["comparedWith"] is None
    [point] = (await mina.run("Trend", condition="DANDRUFF"))["trend"]
    assert point["analysisId"] == analysis_id
    report = await mina.http.get((await mina.run("Report", id=analysis_id))["reportUrl"])
    assert report.headers["content-type"] == "application/pdf"


async def check_leaving(mina: Caller, analysis_id: str, photo_id: str) -> None:
    assert (await mina.run("DeleteAnalysis", input={"analysisId": analysis_id}))["deletedId"]
    deleted = await mina.run("DeletePhoto", input={"photoId": photo_id})
    assert deleted["deletedId"] == photo_id
    profile = await mina.run("UpdateProfile", input={"gender": "FEMALE"})
    assert profile["viewer"]["gender"] == "FEMALE"
    withdrawn = await mina.run("WithdrawConsent", input={"kind": "SENSITIVE_DATA"})
    assert withdrawn["consent"]["withdrawnAt"]
    logged_in = await mina.run("LogIn", input={"email": "mina@example.com", "password": PASSWORD})
    refresh = {"refreshToken": logged_in["tokens"]["refreshToken"]}
    refreshed = await mina.run("RefreshSession", input=refresh)
    mina.token = refreshed["tokens"]["accessToken"]
    assert (await mina.run("LogOut", input={}))["loggedOut"] is True
    assert (await mina.post({"query": "{ viewer { id } }"})).status_code == 401
