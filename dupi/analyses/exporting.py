"""What a person's archive holds of photos and analyses: the exporter of this noun."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from dupi.accounts.archive import Part, Rows, StoredFile
from dupi.accounts.exporting import rows_of
from dupi.analyses.models import Analysis, Photo
from dupi.pictures import Keeping

if TYPE_CHECKING:
    from dupi.resources import Resources


async def export_analyses(resources: "Resources", user_id: str) -> AsyncIterator[Part]:
    """Documents, photos as they are kept, and the attention maps of what was found on them."""
    kept = {"owner_id": user_id, "keeping": Keeping.KEPT.value}
    yield Rows("photos", partial(rows_of, Photo, kept))
    yield Rows("analyses", partial(rows_of, Analysis, kept))
    async for row in rows_of(Photo, kept):
        yield StoredFile(f"photos/{row['_id']}.jpg", row["image_key"])
    async for row in rows_of(Analysis, kept):
        for key in sorted(_maps(Analysis.from_row(row))):
            yield StoredFile(f"attention_maps/{row['_id']}/{key.rpartition('/')[2]}", key)


def _maps(analysis: Analysis) -> set[str]:
    found = [finding for photo in analysis.photo_findings for finding in photo.findings]
    return {finding.attention_key for finding in found if finding.attention_key}
