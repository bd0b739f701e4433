"""How a condition went: oldest first, bounded, without what abstained."""

from datetime import timedelta

import pytest

from dupi.analyses import trends
from dupi.analyses.models import AnalysisStatus
from dupi.analyses.trends import TrendFilter, TrendPoint, read_trends
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.analyses.doubles import SURE, says
from tests.analyses.histories import a_series, an_analysis, day
from tests.support.reads import counted_reads

ME = "me"
CROWN, BACK = ScalpSite.CROWN, ScalpSite.BACK
DANDRUFF = Condition.DANDRUFF


async def trend(resources: Resources, **where: object) -> list[TrendPoint]:
    chosen = TrendFilter(**where)  # type: ignore[arg-type]
    found = await read_trends(resources, owner_id=ME, conditions=[DANDRUFF], where=chosen)
    return found[DANDRUFF]


async def grades(resources: Resources, **where: object) -> list[int]:
    return [int(point.severity) for point in await trend(resources, **where)]


async def test_oldest_first(store: StoreDatabase, resources: Resources) -> None:
    series = await a_series(ME, 0, 3, 1)
    points = await trend(resources)
    assert [point.severity for point in points] == [0, 3, 1]
    assert [point.analysis_id for point in points] == [one.id for one in series]
    assert [point.at for point in points] == [day(0), day(1), day(2)]
    assert {(point.site, point.model_version) for point in points} == {(CROWN, "4")}


async def test_the_score_is_the_expected_grade(store: StoreDatabase, resources: Resources) -> None:
    await a_series(ME, 3)
    [point] = await trend(resources)
    assert point.severity is Severity.SEVERE
    assert point.score == pytest.approx(3 * SURE + (1 + 2) * (1 - SURE) / 3)


async def test_every_photo_is_a_point(store: StoreDatabase, resources: Resources) -> None:
    both = {BACK: says({DANDRUFF: 1}), CROWN: says({DANDRUFF: 2})}
    await an_analysis(ME, day(0), both)
    await an_analysis(ME, day(1), {CROWN: says({DANDRUFF: 3})})
    assert await grades(resources) == [1, 2, 3]
    assert await grades(resources, site=CROWN) == [2, 3]
    assert await grades(resources, site=BACK) == [1]
    assert await grades(resources, site=ScalpSite.LEFT) == []


async def test_since_is_inclusive_and_until_exclusive(
    store: StoreDatabase, resources: Resources
) -> None:
    await a_series(ME, 0, 1, 2, 3)
    assert await grades(resources, since=day(1), until=day(3)) == [1, 2]
    assert await grades(resources, since=day(1) + timedelta(milliseconds=1)) == [2, 3]
    assert await grades(resources, since=day(2), until=day(2)) == []


async def test_what_abstained_or_was_not_completed_is_no_point(
    store: StoreDatabase, resources: Resources
) -> None:
    await an_analysis(ME, day(0), {CROWN: says(confidence=0.4)})
    await an_analysis(ME, day(1), {CROWN: says(in_domain=0.1)})
    await an_analysis(ME, day(2), status=AnalysisStatus.CANCELLED)
    await an_analysis("another", day(3))
    assert await trend(resources) == []


async def test_the_latest_are_kept(
    store: StoreDatabase, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "MOST_POINTS", 2)
    await a_series(ME, 0, 1, 2, 3)
    assert await grades(resources) == [2, 3]


async def test_no_more_than_so_many_analyses_are_looked_through(
    store: StoreDatabase, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "_MOST_ANALYSES", 2)
    await a_series(ME, 1, 2)
    await an_analysis(ME, day(5), {CROWN: says(confidence=0.4)})
    assert await grades(resources) == [2]


async def test_one_read_for_all_conditions(
    store: StoreDatabase, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_series(ME, *[1] * 5)
    reads = counted_reads(monkeypatch)
    found = await read_trends(resources, owner_id=ME, conditions=tuple(Condition))
    assert {len(points) for points in found.values()} == {5}
    assert reads == ["analyses"]


def test_the_contract_s_bound() -> None:
    assert trends.MOST_POINTS == 500
