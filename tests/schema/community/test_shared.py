"""An attached analysis: the ticked parts alone, and only for as long as it may be shown."""

from typing import Any

import pytest

from dupi.resources import Resources
from tests.analyses.running import run_one
from tests.contract.test_operations import REPLY
from tests.schema.community.doing import a_post_id, posted
from tests.support.advisor_server import AdvisorServer, Script
from tests.support.web import SURVEY, Caller

PARTS = ["FINDINGS", "ATTENTION_MAPS", "PHOTOS", "PLAN", "ADVICE", "SURVEY"]
FIELDS = {"FINDINGS": "findings", "PHOTOS": "photos", "PLAN": "plan", "ADVICE": "advice"} | {
    "SURVEY": "survey"
}


@pytest.fixture
async def analysis_id(
    mina: Caller, platform: Resources, advisor: AdvisorServer, photo: bytes
) -> str:
    """A completed one of hers."""
    uploaded = (await mina.upload(photo))["photo"]
    queued = await mina.run(
        "RequestAnalysis", input={"photoIds": [uploaded["id"]], "survey": SURVEY}
    )
    advisor.scripts.append(Script(REPLY))
    await run_one(platform)
    return str(queued["analysis"]["id"])


async def seen(who: Caller, post_id: str) -> Any:
    return (await who.run("Post", id=post_id))["analysis"]


@pytest.mark.parametrize("part", sorted(FIELDS))
async def test_only_the_ticked_part_is_shown(
    mina: Caller, anyone: Caller, analysis_id: str, part: str
) -> None:
    post_id = await a_post_id(mina, analysisId=analysis_id, share=[part])
    shown = await seen(anyone, post_id)
    assert shown["parts"] == [part]
    assert "진단" in shown["notice"]
    for name, field in FIELDS.items():
        assert (shown[field] is not None) == (name == part), field
    for finding in shown["findings"] or ():
        assert finding["attentionMapUrl"] is None


async def test_all_parts(mina: Caller, anyone: Caller, analysis_id: str) -> None:
    post_id = await a_post_id(mina, analysisId=analysis_id, share=PARTS)
    shown = await seen(anyone, post_id)
    assert all(shown[field] is not None for field in FIELDS.values())
    url = shown["findings"][0]["attentionMapUrl"]
    assert (await anyone.http.get(url)).status_code == 200
    assert await anyone.code("query Q($i: ID!) { node(id: $i) { id } }", i=analysis_id)


async def test_what_is_unticked_is_gone(mina: Caller, anyone: Caller, analysis_id: str) -> None:
    post_id = await a_post_id(mina, analysisId=analysis_id, share=["PLAN", "FINDINGS"])
    await mina.run("UpdatePost", input={"postId": post_id, "share": ["FINDINGS"]})
    shown = await seen(anyone, post_id)
    assert (shown["parts"], shown["plan"]) == (["FINDINGS"], None)
    clearings: list[dict[str, Any]] = [{"share": []}, {"analysisId": None}]
    for cleared in clearings:
        await mina.run(
            "UpdatePost",
            input={"postId": post_id, "analysisId": analysis_id, "share": ["PLAN"]},
        )
        assert await seen(anyone, post_id)
        await mina.run("UpdatePost", input={"postId": post_id} | cleared)
        assert await seen(anyone, post_id) is None


async def test_it_goes_with_the_analysis(mina: Caller, anyone: Caller, analysis_id: str) -> None:
    post_id = await a_post_id(mina, analysisId=analysis_id, share=PARTS)
    await mina.run("DeleteAnalysis", input={"analysisId": analysis_id})
    assert await seen(anyone, post_id) is None


async def test_it_goes_with_the_consent(
    mina: Caller, anyone: Caller, analysis_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once: also while the analysis itself is still being removed."""
    post_id = await a_post_id(mina, analysisId=analysis_id, share=PARTS)

    async def later(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as cut:
        cut.setattr("dupi.analyses.consent.forget_person", later)
        await mina.ask("mutation { withdrawConsent(input: {kind: SENSITIVE_DATA}) { __typename } }")
    assert await seen(anyone, post_id) is None


async def test_ones_own_completed_analysis_alone(
    mina: Caller, other: Caller, analysis_id: str, photo: bytes
) -> None:
    await other.consent()
    refused = await posted(other, analysisId=analysis_id, share=["PLAN"])
    assert refused["__typename"] == "NotFoundError"
    no_share = await posted(mina, analysisId=analysis_id)
    assert [(one["path"], one["code"]) for one in no_share["fields"]] == [(["share"], "TOO_FEW")]
    twice = await posted(mina, analysisId=analysis_id, share=["PLAN", "PLAN"])
    assert twice["fields"][0]["code"] == "DUPLICATE"
    uploaded = (await mina.upload(photo))["photo"]
    queued = await mina.run(
        "RequestAnalysis", input={"photoIds": [uploaded["id"]], "survey": SURVEY}
    )
    unfinished = await posted(mina, analysisId=queued["analysis"]["id"], share=["PLAN"])
    assert unfinished["__typename"] == "NotFoundError"
