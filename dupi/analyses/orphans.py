"""Files that no record names: left by a write that was given up and came about all the same, or
whose record was removed while it was under way.

The storage is looked through page by page, at the slow pace of the sweep; only what is old counts,
so that nothing under way is touched.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dupi.accounts.export_models import DataExport
from dupi.analyses.models import Analysis, Photo
from dupi.clock import utc_now
from dupi.documents import StoredDocument
from dupi.logs import get_logger

if TYPE_CHECKING:
    from dupi.resources import Resources

_PAGE: Final = 500
_OLD: Final = timedelta(hours=1)
_ROOTS: Final[Mapping[str, type[StoredDocument]]] = {
    "photos": Photo,
    "analyses": Analysis,
    "exports": DataExport,
}

log = get_logger(__name__)


class OrphanSweep:
    """Remembers how far the looking through has come. ``others``: what else lies in the storage, by
    its first folder."""

    def __init__(self, others: Mapping[str, type[StoredDocument]] = {}) -> None:
        self._roots = {**_ROOTS, **others}
        self._after: dict[str, str | None] = {}

    async def step(self, resources: "Resources") -> int:
        """Look at one page of each kind; how many folders were removed."""
        await resources.storage.tidy()
        return sum([await self._look(resources, root, kind) for root, kind in self._roots.items()])

    async def _look(self, resources: "Resources", root: str, kind: type[StoredDocument]) -> int:
        after = self._after.get(root)
        found = await resources.storage.list_keys(root, after=after, at_most=_PAGE)
        self._after[root] = found[-1].key if len(found) == _PAGE else None
        old = [one.key for one in found if one.modified_at < utc_now() - _OLD]
        folders = {_record_id(key): key.rpartition("/")[0] for key in old}
        known = await _known(kind, list(folders))
        orphans = [folder for record_id, folder in folders.items() if record_id not in known]
        for folder in orphans:
            log.warning("orphan_removed", folder=folder)
            await resources.storage.delete_prefix(folder)
        return len(orphans)


def _record_id(key: str) -> str:
    """Of ``<kind>/<owner>/<record>/<file>``."""
    return key.split("/")[-2]


async def _known(kind: type[StoredDocument], record_ids: list[str]) -> set[str]:
    """Those that have a record, whether anybody may see it or not."""
    rows = kind.get_pymongo_collection().find({"_id": {"$in": record_ids}}, {"_id": 1})
    return {row["_id"] for row in await rows.to_list()}
