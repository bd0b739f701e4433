"""A person's analyses over time: listed, and each compared with the one before that it can be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from pymongo import DESCENDING
from pymongo.asynchronous.collection import AsyncCollection

from dupi.analyses.comparing import FindingChange, changes_between
from dupi.analyses.models import Analysis, AnalysisStatus, Photo
from dupi.knowledge.vocabulary import ScalpSite
from dupi.paging import Page, PageRequest, fetch_page
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

LEFT_OUT: Final = ("events", "advice", "photo_findings")
"""What a list does without: the largest parts of a document. :func:`get_analyses` has all but the
events."""
_KEPT: Final = {"keeping": Keeping.KEPT.value}
_DONE: Final = _KEPT | {"status": AnalysisStatus.COMPLETED.value}
_PLACE: Final = {"sort_key": 1, "sites": 1, "photo_ids": 1}
_LOOKED_BACK: Final = 1000
"""Completed analyses before the newest that is asked for among which the one before is sought."""
_TRIED: Final = 5
"""Of these, analyses of a site in common that are read for one: whoever has taken as many photos
that cannot be compared has nothing to compare with."""


@dataclass(frozen=True, slots=True)
class AnalysisFilter:
    """``since`` is inclusive, ``until`` exclusive; ``site``: one of the sites it covers."""

    status: AnalysisStatus | None = None
    site: ScalpSite | None = None
    since: datetime | None = None
    until: datetime | None = None


class AnalysisKey(NamedTuple):
    """Whose analysis, which one, and its place in the person's history."""

    owner_id: str
    analysis_id: str
    sort_key: str

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        return cls(analysis.owner_id, analysis.id, analysis.sort_key)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``changes``: at least one, since ``previous``, which is without its events."""

    previous: Analysis
    changes: tuple[FindingChange, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a completed analysis stands, before anything of it is read."""

    analysis_id: str
    sort_key: str
    sites: frozenset[str]
    photo_ids: tuple[str, ...]


async def list_analyses(
    resources: "Resources",
    *,
    owner_id: str,
    page: PageRequest,
    where: AnalysisFilter = AnalysisFilter(),
) -> Page[Analysis]:
    """Newest first, without what :data:`LEFT_OUT` names."""
    query = {"owner_id": owner_id} | _KEPT
    if where.status:
        query["status"] = where.status.value
    if where.site:
        query["sites"] = where.site.value
    return await fetch_page(
        Analysis, query, page, since=where.since, until=where.until, leave_out=LEFT_OUT
    )


async def get_analyses(
    resources: "Resources", *, owner_id: str, analysis_ids: Iterable[str]
) -> dict[str, Analysis]:
    """The owner's analyses of these ids, without events; what is not there is left out."""
    where = {"_id": {"$in": sorted(analysis_ids)}, "owner_id": owner_id} | _KEPT
    rows = await _analyses().find(where, {"events": 0}).to_list()
    return {row["_id"]: Analysis.from_row(row) for row in rows}


async def compare_with_previous(
    resources: "Resources", *, owner_id: str, keys: Sequence[AnalysisKey]
) -> dict[str, Comparison]:
    """By id, of one person's completed analyses: what changed since the newest one before that
    can be compared (:func:`changes_between` says when). Those that have none are left out.

    Three reads, however many analyses are asked for.
    """
    places = await _places(owner_id, until=max(key.sort_key for key in keys))
    asked = {key.analysis_id for key in keys}
    before = {
        place.analysis_id: _before(index, places)
        for index, place in enumerate(places)
        if place.analysis_id in asked
    }
    needed = {place.analysis_id: place for found in before.values() for place in found}
    needed |= {place.analysis_id: place for place in places if before.get(place.analysis_id)}
    if not needed:
        return {}
    analyses = await get_analyses(resources, owner_id=owner_id, analysis_ids=needed)
    qualities = await _qualities(owner_id, needed.values())
    compared = {
        analysis_id: _compare(analyses, analysis_id, earlier, qualities)
        for analysis_id, earlier in before.items()
    }
    return {analysis_id: found for analysis_id, found in compared.items() if found}


def _compare(
    analyses: Mapping[str, Analysis],
    analysis_id: str,
    earlier: Sequence[_Place],
    qualities: Mapping[str, float],
) -> Comparison | None:
    """With the first of ``earlier`` with which there is something to compare."""
    if analysis_id not in analyses:  # deleted meanwhile
        return None
    now = analyses[analysis_id].photo_findings
    for previous in (analyses.get(place.analysis_id) for place in earlier):
        if previous and (changes := changes_between(previous.photo_findings, now, qualities)):
            return Comparison(previous, changes)
    return None


def _before(index: int, places: Sequence[_Place]) -> list[_Place]:
    """Of ``places``, newest first, those behind this one that share a site with it."""
    earlier = (one for one in islice(places, index + 1, None) if one.sites & places[index].sites)
    return list(islice(earlier, _TRIED))


async def _places(owner_id: str, *, until: str) -> list[_Place]:
    """Completed analyses up to the one with this key, newest first."""
    where = {"owner_id": owner_id, "sort_key": {"$lte": until}} | _DONE
    rows = _analyses().find(where, _PLACE).sort("sort_key", DESCENDING).limit(_LOOKED_BACK)
    return [
        _Place(row["_id"], row["sort_key"], frozenset(row["sites"]), tuple(row["photo_ids"]))
        for row in await rows.to_list()
    ]


async def _qualities(owner_id: str, places: Iterable[_Place]) -> dict[str, float]:
    """Of the photos of these analyses, by photo."""
    photo_ids = sorted({photo_id for place in places for photo_id in place.photo_ids})
    where = {"_id": {"$in": photo_ids}, "owner_id": owner_id} | _KEPT
    rows = await Photo.get_pymongo_collection().find(where, {"quality": 1}).to_list()
    return {row["_id"]: row["quality"] for row in rows}


def _analyses() -> AsyncCollection[dict[str, Any]]:
    return Analysis.get_pymongo_collection()
