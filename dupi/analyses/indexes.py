"""Indexes of photos and analyses: who looks for what.

A person's list, newest first, is read by ``owner_newest``; narrowed to a site or a status, by an
index that begins with both. Sites of analyses are a list and have none: with an index on a list the
embedded store finds nothing, and ``owner_newest`` leaves few to look through.
"""

from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

# The embedded store uses indexes of one field only, and reads everything without.
_OWNER: Final = IndexModel([("owner_id", ASCENDING)], name="owner")
_KEEPING: Final = IndexModel([("keeping", ASCENDING)], name="keeping")
_STATUS: Final = IndexModel([("status", ASCENDING)], name="status")
_LEASE: Final = IndexModel([("lease_expires_at_ms", ASCENDING)], name="lease")

_OWNER_NEWEST: Final = IndexModel(
    [("owner_id", ASCENDING), ("sort_key", DESCENDING)], name="owner_newest"
)
_OWNER_SITE: Final = IndexModel(
    [("owner_id", ASCENDING), ("site", ASCENDING), ("sort_key", DESCENDING)],
    name="owner_site_newest",
)
_OWNER_STATUS: Final = IndexModel(
    [("owner_id", ASCENDING), ("status", ASCENDING), ("sort_key", DESCENDING)],
    name="owner_status_newest",
)

PHOTO_INDEXES: Final = [_OWNER_NEWEST, _OWNER_SITE, _OWNER, _KEEPING]
ANALYSIS_INDEXES: Final = [_OWNER_NEWEST, _OWNER_STATUS, _OWNER, _KEEPING, _STATUS, _LEASE]
