"""Deleting analyses and forgetting people, so that nothing derived stays behind.

A record is marked first: from then on nobody sees it, and a raised attempt number fences off the
worker that may be at it. Then its files go, then the record. What was cut off between the two is
finished by asking again, or by the worker's sweep.
"""

from typing import TYPE_CHECKING, Any, Final

from dupi import idempotency
from dupi.adapters.hints import analysis_channel
from dupi.analyses.files import analysis_files, owner_files
from dupi.analyses.models import Analysis, Keeping, Photo

if TYPE_CHECKING:
    from dupi.resources import Resources

_MARK: Final = {"keeping": Keeping.DELETING.value}
_SWEEP_AT_ONCE: Final = 100


async def delete_analysis_record(
    resources: "Resources", *, owner_id: str, analysis_id: str
) -> bool:
    """Delete one analysis with its files; whether there was one."""
    where = {"_id": analysis_id, "owner_id": owner_id}
    found = await _mark_analyses(where)
    if found:
        await _remove_analysis(resources, owner_id=owner_id, analysis_id=analysis_id)
    return found


async def forget_person(resources: "Resources", *, owner_id: str) -> None:
    """Delete all photos, analyses and files of a person. Safe to repeat."""
    where = {"owner_id": owner_id}
    await _mark_analyses(where)
    await Photo.get_pymongo_collection().update_many(where, {"$set": _MARK})
    rows = await Analysis.get_pymongo_collection().find(where, {"_id": 1}).to_list()
    for row in rows:
        await _remove_analysis(resources, owner_id=owner_id, analysis_id=row["_id"])
    for prefix in owner_files(owner_id):
        await resources.storage.delete_prefix(prefix)
    await Photo.get_pymongo_collection().delete_many(where)
    await idempotency.forget_person(owner_id)


async def discard_derived(resources: "Resources", analysis: Analysis) -> None:
    """Remove the files that a worker wrote for an analysis which was deleted meanwhile."""
    await resources.storage.delete_prefix(analysis_files(analysis.owner_id, analysis.id))


async def finish_deleting_analyses(resources: "Resources") -> int:
    """Finish deletions of analyses that were cut off; how many."""
    marked = await Analysis.find(_MARK).limit(_SWEEP_AT_ONCE).to_list()
    for analysis in marked:
        await _remove_analysis(resources, owner_id=analysis.owner_id, analysis_id=analysis.id)
    return len(marked)


async def _mark_analyses(where: dict[str, Any]) -> bool:
    result = await Analysis.get_pymongo_collection().update_many(
        where, {"$set": _MARK, "$inc": {"attempt": 1}}
    )
    return result.matched_count > 0


async def _remove_analysis(resources: "Resources", *, owner_id: str, analysis_id: str) -> None:
    await resources.storage.delete_prefix(analysis_files(owner_id, analysis_id))
    await Analysis.get_pymongo_collection().delete_one({"_id": analysis_id})
    await resources.hints.publish(analysis_channel(analysis_id))
