"""What others may see of an analysis: only the parts that its owner names, for as long as it is
there and the owner's consent holds."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dupi.accounts.models import ConsentKind
from dupi.accounts.service import who_consents
from dupi.analyses.models import Analysis, AnalysisStatus
from dupi.errors import NotFound
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources

_DONE: Final = {"keeping": Keeping.KEPT.value, "status": AnalysisStatus.COMPLETED.value}


class SharedKey(NamedTuple):
    owner_id: str
    analysis_id: str


class AnalysisPart(StrEnum):
    FINDINGS = "FINDINGS"
    ATTENTION_MAPS = "ATTENTION_MAPS"
    PHOTOS = "PHOTOS"
    PLAN = "PLAN"
    ADVICE = "ADVICE"
    SURVEY = "SURVEY"


async def get_shareable(resources: "Resources", *, owner_id: str, analysis_id: str) -> Analysis:
    """The owner's completed analysis. Raises NotFound, also where the consent does not hold."""
    key = SharedKey(owner_id, analysis_id)
    found = await list_shareable(resources, keys=[key])
    if key not in found:
        raise NotFound(f"no analysis {analysis_id} that can be shared")
    return found[key]


async def list_shareable(
    resources: "Resources", *, keys: Iterable[SharedKey]
) -> dict[SharedKey, Analysis]:
    """Those that can be shown to others now, without events: in two reads."""
    wanted = set(keys)
    owners = await who_consents(
        resources, user_ids=sorted({owner for owner, _ in wanted}), kind=ConsentKind.SENSITIVE_DATA
    )
    ids = sorted(analysis for owner, analysis in wanted if owner in owners)
    if not ids:
        return {}
    where: dict[str, Any] = {"_id": {"$in": ids}} | _DONE
    rows = await Analysis.get_pymongo_collection().find(where, {"events": 0}).to_list()
    found = {SharedKey(row["owner_id"], row["_id"]): Analysis.from_row(row) for row in rows}
    return {key: analysis for key, analysis in found.items() if key in wanted}
