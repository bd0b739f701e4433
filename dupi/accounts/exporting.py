"""What accounts themselves have of a person: the exporter of this noun."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Final

from pymongo import ASCENDING

from dupi.accounts.archive import Part, Row, Rows
from dupi.accounts.export_models import DataExport
from dupi.accounts.models import Consent, Session, User
from dupi.documents import StoredDocument
from dupi.idempotency import IdempotencyRecord

if TYPE_CHECKING:
    from dupi.resources import Resources

_KINDS: Final[tuple[tuple[str, type[StoredDocument], str, frozenset[str]], ...]] = (
    ("account", User, "_id", frozenset({"password_hash", "reset_hash", "verify_hash", "mails"})),
    ("sessions", Session, "user_id", frozenset({"refresh_hash", "family"})),
    ("consents", Consent, "user_id", frozenset()),
    ("data_exports", DataExport, "user_id", frozenset({"key"})),
    ("request_keys", IdempotencyRecord, "person_id", frozenset()),
)
"""Name, document, the field that names the person, and what would open something."""


async def export_account(resources: "Resources", user_id: str) -> AsyncIterator[Part]:
    for name, kind, owner, secret in _KINDS:
        yield Rows(name, partial(rows_of, kind, {owner: user_id}), secret)


async def rows_of(kind: type[StoredDocument], where: dict[str, str]) -> AsyncIterator[Row]:
    """Documents as they are stored, oldest first, some at a time."""
    found = kind.get_pymongo_collection().find(where).sort("_id", ASCENDING)
    async for row in found.batch_size(100):
        yield row
