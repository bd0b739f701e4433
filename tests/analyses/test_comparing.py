"""What changed between two analyses: of the same site, of similar quality, graded both times."""

from itertools import pairwise

import pytest

from dupi.analyses.comparing import ChangeDirection, FindingChange, changes_between
from dupi.analyses.history import AnalysisKey, compare_with_previous
from dupi.analyses.models import Analysis, AnalysisStatus
from dupi.analyses.service import delete_analysis
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.analyses.doubles import says
from tests.analyses.histories import a_series, an_analysis, day
from tests.support.reads import counted_reads

ME = "me"
CROWN, BACK = ScalpSite.CROWN, ScalpSite.BACK
DANDRUFF = Condition.DANDRUFF


async def change(
    resources: Resources, analysis: Analysis, condition: Condition = DANDRUFF
) -> FindingChange | None:
    found = (await compared(resources, analysis)).get(analysis.id)
    return next((one for one in found[1] if one.condition is condition), None) if found else None


async def compared(
    resources: Resources, *analyses: Analysis
) -> dict[str, tuple[str, tuple[FindingChange, ...]]]:
    keys = [AnalysisKey.of(one) for one in analyses]
    found = await compare_with_previous(resources, owner_id=ME, keys=keys)
    return {name: (one.previous.id, one.changes) for name, one in found.items()}


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (2, 1, ChangeDirection.BETTER),
        (2, 2, ChangeDirection.SAME),
        (0, 3, ChangeDirection.WORSE),
    ],
)
async def test_directions(
    store: StoreDatabase, resources: Resources, before: int, after: int, direction: ChangeDirection
) -> None:
    _, later = await a_series(ME, before, after)
    found = await change(resources, later)
    assert found
    assert (found.before, found.after) == (Severity(before), Severity(after))
    assert (found.direction, found.site, found.model_changed) == (direction, CROWN, False)


async def test_each_with_the_one_before_and_the_first_with_none(
    store: StoreDatabase, resources: Resources
) -> None:
    series = await a_series(ME, 0, 1, 2, 1)
    found = await compared(resources, *series)
    assert {name: previous for name, (previous, _) in found.items()} == {
        later.id: earlier.id for earlier, later in pairwise(series)
    }


async def test_in_the_order_of_conditions_then_sites(
    store: StoreDatabase, resources: Resources
) -> None:
    sites = {BACK: says(), CROWN: says()}
    await an_analysis(ME, day(0), sites)
    later = await an_analysis(ME, day(1), sites)
    _, changes = (await compared(resources, later))[later.id]
    assert [(one.condition, one.site) for one in changes] == [
        (condition, site) for condition in Condition for site in (CROWN, BACK)
    ]


async def test_only_sites_that_both_have(store: StoreDatabase, resources: Resources) -> None:
    await an_analysis(ME, day(0), {CROWN: says()})
    both = await an_analysis(ME, day(1), {BACK: says(), CROWN: says()})
    _, changes = (await compared(resources, both))[both.id]
    assert {one.site for one in changes} == {CROWN}
    left = await an_analysis(ME, day(2), {ScalpSite.LEFT: says()})
    assert await compared(resources, left) == {}


async def test_another_site_in_between_is_passed_over(
    store: StoreDatabase, resources: Resources
) -> None:
    first = await an_analysis(ME, day(0), {CROWN: says()})
    await an_analysis(ME, day(1), {BACK: says()})
    later = await an_analysis(ME, day(2), {CROWN: says()})
    assert (await compared(resources, later))[later.id][0] == first.id


@pytest.mark.parametrize(("quality", "is_compared"), [(0.55, True), (0.54, False), (1.0, True)])
async def test_photos_of_similar_quality(
    store: StoreDatabase, resources: Resources, quality: float, is_compared: bool
) -> None:
    await an_analysis(ME, day(0), quality=0.8)
    later = await an_analysis(ME, day(1), quality=quality)
    assert (await change(resources, later) is not None) is is_compared


async def test_what_abstained_is_not_compared(store: StoreDatabase, resources: Resources) -> None:
    first = await an_analysis(ME, day(0))
    unsure = await an_analysis(ME, day(1), {CROWN: says(confidence=0.4)})
    assert await compared(resources, unsure) == {}
    later = await an_analysis(ME, day(2))
    assert (await compared(resources, later))[later.id][0] == first.id


async def test_other_versions_say_so(store: StoreDatabase, resources: Resources) -> None:
    await an_analysis(ME, day(0), version="3")
    later = await an_analysis(ME, day(1), version="4")
    found = await change(resources, later)
    assert found
    assert found.model_changed
    assert found.direction is ChangeDirection.SAME


@pytest.mark.parametrize("status", [AnalysisStatus.CANCELLED, AnalysisStatus.FAILED])
async def test_what_was_not_completed_is_no_comparison(
    store: StoreDatabase, resources: Resources, status: AnalysisStatus
) -> None:
    await an_analysis(ME, day(0), status=status)
    later = await an_analysis(ME, day(1))
    assert await compared(resources, later) == {}
    assert await compared(resources, await an_analysis(ME, day(2), status=status)) == {}


async def test_nobody_else_s_and_nothing_deleted(
    store: StoreDatabase, resources: Resources
) -> None:
    await an_analysis("another", day(0))
    gone = await an_analysis(ME, day(1))
    later = await an_analysis(ME, day(2))
    assert (await compared(resources, later))[later.id][0] == gone.id
    await delete_analysis(resources, owner_id=ME, analysis_id=gone.id)
    assert await compared(resources, later) == {}


@pytest.mark.parametrize("count", [2, 21])
async def test_three_reads_however_many(
    store: StoreDatabase, resources: Resources, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    series = await a_series(ME, *(number % 4 for number in range(count)))
    reads = counted_reads(monkeypatch)
    assert len(await compared(resources, *series)) == count - 1
    assert sorted(reads) == ["analyses", "analyses", "photos"]


def test_a_photo_whose_quality_is_not_known_is_not_compared() -> None:
    assert changes_between((), (), {}) == ()
