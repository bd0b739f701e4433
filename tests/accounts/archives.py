"""Archives of people's data, made and opened."""

import io
import zipfile
from typing import Any

from dupi.accounts import exports
from dupi.accounts.export_models import DataExport
from dupi.accounts.exports import make_next_export, request_data_export
from dupi.resources import Resources
from dupi.store import DOCUMENTS


async def made(resources: Resources, user_id: str) -> DataExport:
    export = await request_data_export(resources, user_id=user_id)
    assert await make_next_export(resources)
    return await exports.get_data_export(user_id=user_id, export_id=export.id)


async def opened(resources: Resources, export: DataExport) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(await resources.storage.get(export.key)))


async def rows_of_person(user_id: str) -> dict[str, dict[str, Any]]:
    """Every document of the store that names the person, by id."""
    found = {}
    for document in DOCUMENTS:
        async for row in document.get_pymongo_collection().find({}):
            if user_id in repr(row):
                found[str(row["_id"])] = row
    return found
