"""Archives of all that is kept of a person, as the store keeps them.

    QUEUED → RUNNING → READY | FAILED

``slot`` is unique: the person's id while the archive is unfinished, its own id afterwards; so a
person has at most one under way. ``attempt`` fences every write, ``lease_expires_at_ms`` is when
another worker may claim it. Ready and failed ones go at ``expires_at_ms``.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument


class DataExportStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"


class DataExport(StoredDocument):
    """``progress``: from 0 to 1, by parts of the archive. ``key``: where it lies, once READY."""

    user_id: str
    status: DataExportStatus = DataExportStatus.QUEUED
    progress: float = 0.0
    slot: str
    attempt: int = 0
    lease_expires_at_ms: int = 0
    key: str = ""
    size_bytes: int = 0
    created_at: UtcDatetime = Field(default_factory=utc_now)
    completed_at: UtcDatetime | None = None
    expires_at_ms: int = 0
    sort_key: str

    class Settings:
        name = "data_exports"
        indexes: ClassVar = [
            IndexModel([("slot", ASCENDING)], name="slot", unique=True),
            IndexModel([("user_id", ASCENDING)], name="user"),
            IndexModel([("status", ASCENDING)], name="status"),
            IndexModel([("expires_at_ms", ASCENDING)], name="expires"),
            IndexModel([("sort_key", DESCENDING)], name="newest"),
        ]
