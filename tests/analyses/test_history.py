"""Pages of photos and analyses under filters: all that match, in order, in both directions."""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest

from dupi.analyses.history import AnalysisFilter, get_analyses, list_analyses
from dupi.analyses.models import Analysis, AnalysisStatus, Photo
from dupi.analyses.photos import PhotoFilter, list_photos
from dupi.knowledge.vocabulary import ScalpSite
from dupi.paging import Page, PageRequest
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.analyses.doubles import says
from tests.analyses.histories import a_photo, an_analysis, day

ME = "me"
CROWN, LEFT, BACK = ScalpSite.CROWN, ScalpSite.LEFT, ScalpSite.BACK
DONE, FAILED = AnalysisStatus.COMPLETED, AnalysisStatus.FAILED
SPANS = [(None, None), (day(3), None), (None, day(8)), (day(2), day(9)), (day(4), day(4))]
List = Callable[[PageRequest], Awaitable[Page[Any]]]


async def walk_forward(pages: List, size: int) -> list[str]:
    """Ids, page by page until there is no next one."""
    found: list[Any] = []
    page = await pages(PageRequest(first=size))
    while True:
        found += page.items
        if not page.has_next:
            return [one.id for one in found]
        assert len(page.items) == size
        page = await pages(PageRequest(first=size, after=page.items[-1].sort_key))
        assert page.has_previous


async def walk_backward(pages: List, size: int) -> list[str]:
    found: list[Any] = []
    page = await pages(PageRequest(last=size))
    while True:
        found = [*page.items, *found]
        if not page.has_previous:
            return [one.id for one in found]
        assert len(page.items) == size
        page = await pages(PageRequest(last=size, before=page.items[0].sort_key))
        assert page.has_next


@pytest.fixture
async def photos(store: StoreDatabase) -> list[Photo]:
    """Twelve of hers in turn of two sites, newest first; some of another's between them."""
    mine = [await a_photo(ME, (CROWN, LEFT)[number % 2], day(number)) for number in range(12)]
    for number in range(0, 12, 3):
        await a_photo("another", CROWN, day(number))
    return mine[::-1]


@pytest.mark.parametrize("site", [None, CROWN, LEFT, BACK])
async def test_photos_under_every_filter(
    photos: list[Photo], resources: Resources, site: ScalpSite | None
) -> None:
    for since, until in SPANS:
        where = PhotoFilter(site, since, until)
        expected = [
            photo.id
            for photo in photos
            if site in (None, photo.site) and is_within(photo, since, until)
        ]

        async def pages(page: PageRequest, where: PhotoFilter = where) -> Page[Photo]:
            return await list_photos(resources, owner_id=ME, page=page, where=where)

        assert await walk_forward(pages, 2) == expected, where
        assert await walk_backward(pages, 2) == expected, where


@pytest.fixture
async def analyses(store: StoreDatabase) -> list[Analysis]:
    """Twelve of hers: of the crown, of crown and left in turn; every third failed."""
    sites = ({CROWN: says()}, {CROWN: says(), LEFT: says()})
    mine = [
        await an_analysis(ME, day(number), sites[number % 2], status=DONE if number % 3 else FAILED)
        for number in range(12)
    ]
    await an_analysis("another", day(5))
    return mine[::-1]


@pytest.mark.parametrize(
    ("site", "status"), list(product([None, CROWN, LEFT, BACK], [None, DONE, FAILED]))
)
async def test_analyses_under_every_filter(
    analyses: list[Analysis],
    resources: Resources,
    site: ScalpSite | None,
    status: AnalysisStatus | None,
) -> None:
    for since, until in SPANS:
        where = AnalysisFilter(status, site, since, until)
        expected = [
            one.id
            for one in analyses
            if (site is None or site in one.sites)
            and status in (None, one.status)
            and is_within(one, since, until)
        ]

        async def pages(page: PageRequest, where: AnalysisFilter = where) -> Page[Analysis]:
            return await list_analyses(resources, owner_id=ME, page=page, where=where)

        assert await walk_forward(pages, 2) == expected, where
        assert await walk_backward(pages, 3) == expected, where


def is_within(one: Photo | Analysis, since: Any, until: Any) -> bool:
    return (since is None or one.created_at >= since) and (until is None or one.created_at < until)


async def test_filters_have_indexes(store: StoreDatabase) -> None:
    """Who looks by one site or one status reads no other."""
    photos, analyses = await indexed(Photo), await indexed(Analysis)
    assert ("owner_id", "sort_key") in photos & analyses
    assert ("owner_id", "site", "sort_key") in photos
    assert ("owner_id", "status", "sort_key") in analyses


async def indexed(model: type[Photo | Analysis]) -> set[tuple[str, ...]]:
    """Fields of each index; the embedded store tells no directions."""
    indexes = await (await model.get_pymongo_collection().list_indexes()).to_list()
    return {tuple(index["key"]) for index in indexes}


async def test_lists_read_neither_events_nor_words(
    analyses: list[Analysis], resources: Resources
) -> None:
    [listed] = (await list_analyses(resources, owner_id=ME, page=PageRequest(first=1))).items
    assert not {"events", "advice", "photo_findings"} & listed.model_fields_set
    found = await get_analyses(resources, owner_id=ME, analysis_ids=[listed.id, "nobody"])
    assert found[listed.id].advice == analyses[0].advice
    assert found.keys() == {listed.id}
    assert await get_analyses(resources, owner_id="another", analysis_ids=[listed.id]) == {}
