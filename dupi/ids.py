"""Identifiers and keyset sort keys: text, ordered by time."""

from datetime import datetime

from uuid6 import uuid7

from dupi.clock import epoch_ms

_TIME_DIGITS = 15


def new_id() -> str:
    """A UUIDv7 as text: later ids sort behind earlier ones."""
    return str(uuid7())


def sort_key(created_at: datetime, record_id: str) -> str:
    """Key that orders records by time, then id; unique, because the id is."""
    return f"{time_key(created_at)}-{record_id}"


def time_key(moment: datetime) -> str:
    """The smallest key of a record made at ``moment`` or later (to the millisecond)."""
    return f"{epoch_ms(moment):0{_TIME_DIGITS}d}"
