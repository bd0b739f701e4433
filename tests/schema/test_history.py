"""Changes and trends as GraphQL text: good cases, refusals, and how often the store is read."""

from typing import Any

import pytest

from dupi.accounts.models import User
from dupi.analyses.models import AnalysisStatus
from dupi.knowledge.vocabulary import Condition, ScalpSite
from schema.relay import global_id
from tests.analyses.doubles import says
from tests.analyses.histories import a_series, an_analysis, day
from tests.support.reads import counted_reads
from tests.support.web import Caller, operation

HISTORY = """
query H($first: Int!) { viewer { analyses(first: $first) { edges { node {
  id
  photos { id }
  advice { text }
  photoFindings { inDomainScore }
  comparedWith { id findings { severity } }
  changes { condition direction before after }
} } } } }
"""
BOARD = """
{ viewer {
  dandruff: trend(condition: DANDRUFF) { severity }
  sebum: trend(condition: EXCESS_SEBUM) { severity }
  loss: trend(condition: HAIR_LOSS) { severity }
} }
"""


@pytest.fixture
async def me(mina: Caller) -> str:
    """Id of whoever is signed in."""
    user = await User.find_one({})
    assert user
    return user.id


async def test_what_changed(mina: Caller, me: str) -> None:
    earlier, later = await a_series(me, 3, 1)
    found = await mina.run("Changes", id=global_id("Analysis", later.id))
    assert found["comparedWith"]["id"] == global_id("Analysis", earlier.id)
    [dandruff] = [one for one in found["changes"] if one["condition"] == "DANDRUFF"]
    assert dandruff == {
        "condition": "DANDRUFF",
        "site": "CROWN",
        "before": "SEVERE",
        "after": "MILD",
        "direction": "BETTER",
        "modelChanged": False,
    }


async def test_the_first_has_nothing_to_compare_with(mina: Caller, me: str) -> None:
    [first] = await a_series(me, 3)
    found = await mina.run("Changes", id=global_id("Analysis", first.id))
    assert (found["comparedWith"], found["changes"]) == (None, [])


async def test_what_is_not_completed_is_not_compared(mina: Caller, me: str) -> None:
    await a_series(me, 3)
    queued = await an_analysis(me, day(9), status=AnalysisStatus.QUEUED)
    found = await mina.run("Changes", id=global_id("Analysis", queued.id))
    assert (found["comparedWith"], found["changes"]) == (None, [])


async def test_changes_of_another_s_are_not_there(mina: Caller, store: Any) -> None:
    _, later = await a_series("another", 3, 1)
    assert await mina.run("Changes", id=global_id("Analysis", later.id)) is None
    assert await mina.run("Changes", id="nonsense") is None


async def reads_of_a_page(
    mina: Caller, first: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], list[Any]]:
    with monkeypatch.context() as patch:
        reads = counted_reads(patch)
        edges = (await mina.data(HISTORY, first=first))["viewer"]["analyses"]["edges"]
    return sorted(reads), [edge["node"] for edge in edges]


async def test_a_page_is_read_at_once_whatever_its_size(
    mina: Caller, me: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who it is; the page; its photos; its words and findings; its comparisons."""
    await a_series(me, *(number % 4 for number in range(21)))
    few, [newest, _] = await reads_of_a_page(mina, 2, monkeypatch)
    many, nodes = await reads_of_a_page(mina, 20, monkeypatch)
    assert few == many
    assert many.count("analyses") == 4
    assert many.count("photos") == 3
    assert len(nodes) == 20
    assert all(node["comparedWith"] and len(node["changes"]) == 6 for node in nodes)
    assert {node["advice"]["text"] for node in nodes} == {"쉬어요."}
    assert nodes[0]["comparedWith"]["id"] == nodes[1]["id"]
    assert newest == nodes[0]


async def test_a_trend(mina: Caller, me: str) -> None:
    series = await a_series(me, 0, 3, 1)
    points = (await mina.run("Trend", condition="DANDRUFF"))["trend"]
    assert [point["severity"] for point in points] == ["NONE", "SEVERE", "MILD"]
    assert [point["analysisId"] for point in points] == [
        global_id("Analysis", one.id) for one in series
    ]
    assert points[1]["at"] == "2026-03-02T09:30:00.000Z"
    assert points[1]["score"] == pytest.approx(2.82)
    assert (points[1]["site"], points[1]["modelVersion"]) == ("CROWN", "4")


async def test_a_trend_of_a_site_and_a_time(mina: Caller, me: str) -> None:
    await a_series(me, 0, 3, 1)
    back = {ScalpSite.BACK: says({Condition.DANDRUFF: 2})}
    await an_analysis(me, day(1), back)
    for chosen, expected in (
        ({"site": "BACK"}, ["MODERATE"]),
        ({"site": "LEFT"}, []),
        ({"since": "2026-03-03T09:30:00Z"}, ["MILD"]),
        ({"until": "2026-03-02T18:30:00+09:00"}, ["NONE"]),
        ({"site": None, "since": None, "until": None}, ["NONE", "SEVERE", "MODERATE", "MILD"]),
    ):
        points = (await mina.run("Trend", condition="DANDRUFF", **chosen))["trend"]
        assert [point["severity"] for point in points] == expected, chosen


@pytest.mark.parametrize(
    "variables",
    [{"condition": "GREY_HAIR"}, {}, {"condition": "DANDRUFF", "since": "yesterday"}],
)
async def test_a_trend_of_nonsense(mina: Caller, variables: dict[str, Any]) -> None:
    assert await mina.code(operation("Trend"), **variables) == "GRAPHQL_INVALID"


async def test_a_trend_is_nobody_else_s(mina: Caller, anyone: Caller) -> None:
    await a_series("another", 1, 2)
    assert (await mina.run("Trend", condition="DANDRUFF"))["trend"] == []
    assert await anyone.run("Trend", condition="DANDRUFF") is None


async def test_trends_of_one_time_are_one_read(
    mina: Caller, me: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_series(me, 0, 3, 1)
    reads = counted_reads(monkeypatch)
    viewer = (await mina.data(BOARD))["viewer"]
    assert [point["severity"] for point in viewer["dandruff"]] == ["NONE", "SEVERE", "MILD"]
    assert len(viewer["loss"]) == 3
    assert reads.count("analyses") == 1


async def test_many_trends_of_one_document_are_too_many(mina: Caller) -> None:
    fields = " ".join(f"t{n}: trend(condition: DANDRUFF) {{ at }}" for n in range(13))
    assert await mina.code(f"{{ viewer {{ {fields} }} }}") == "LIMIT_EXCEEDED"
