"""People, their sessions and their consents, as the store keeps them.

What a person is to be told by mail stands in the person's own document until a relay has sent it
(``mailing.py``): it is written in the same update as what it tells of. ``reset_hash`` and
``verify_hash`` are of the tokens that went out last.

``credentials`` counts how often the password was replaced. A session knows the count it was opened
under, and is good while that is the person's; so replacing a password ends all sessions in the one
write that does it, but for ``kept_session_id``.

A session is the family of the refresh tokens that were rotated out of one log-in: the document
holds the hash of the one that is good now. Ending a session deletes the document, so an access
token is good for as long as its session is there.

``Consent.slot`` is unique: ``<person>:<kind>`` while the consent holds, the consent's own id once
it was withdrawn or replaced. So at most one holds, whatever races, and the history stays.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument
from dupi.knowledge.vocabulary import Gender, Locale


class Role(StrEnum):
    USER = "USER"
    OPERATOR = "OPERATOR"


class ConsentKind(StrEnum):
    """GUARDIAN is only ever named in a refusal: it cannot be granted here."""

    SENSITIVE_DATA = "SENSITIVE_DATA"
    PARTNER_SHARING = "PARTNER_SHARING"
    MODEL_TRAINING = "MODEL_TRAINING"
    GUARDIAN = "GUARDIAN"


class MailKind(StrEnum):
    VERIFY_EMAIL = "VERIFY_EMAIL"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105


class QueuedMail(BaseModel):
    """A mail that has not gone out yet. ``nonce``: what its token is made of, with the server's
    secret; nobody makes the token from the store alone."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: MailKind
    locale: Locale
    nonce: str = ""
    expires_at_ms: int


class User(StoredDocument):
    """``email`` is normalised; ``suspended`` people cannot log in.

    Who leaves (``leaving.py``) is a bare record until all of theirs is gone: ``erase_due_ms`` says
    when somebody has to see to that (0: never), ``was_erased`` that it was done once.
    """

    email: str
    password_hash: str
    nickname: str
    birth_year: int
    gender: Gender | None = None
    role: Role = Role.USER
    suspended: bool = False
    email_verified_at: UtcDatetime | None = None
    credentials: int = 0
    kept_session_id: str = ""
    reset_hash: str = ""
    reset_expires_ms: int = 0
    verify_hash: str = ""
    verify_expires_ms: int = 0
    mails: dict[MailKind, QueuedMail] = Field(default_factory=dict)
    mail_due_ms: int = 0
    mail_tries: int = 0
    mail_revision: int = 0
    is_leaving: bool = False
    keeps_posts: bool = False
    erase_due_ms: int = 0
    was_erased: bool = False
    created_at: UtcDatetime = Field(default_factory=utc_now)

    class Settings:
        name = "users"
        indexes: ClassVar = [
            IndexModel([("email", ASCENDING)], name="email", unique=True),
            IndexModel([("erase_due_ms", ASCENDING)], name="erase_due"),
            IndexModel([("mail_due_ms", ASCENDING)], name="mail_due"),
        ]

    def accepts(self, session: "Session") -> bool:
        """Whether a session of this person is still good."""
        return session.credentials == self.credentials or session.id == self.kept_session_id


class Session(StoredDocument):
    """One log-in. ``family`` is the secret half of a refresh token by which it is found."""

    user_id: str
    role: Role
    credentials: int = 0
    family: str
    refresh_hash: str
    refresh_expires_at_ms: int
    user_agent: str | None = None
    created_at: UtcDatetime = Field(default_factory=utc_now)
    last_used_at: UtcDatetime = Field(default_factory=utc_now)
    sort_key: str

    class Settings:
        name = "sessions"
        indexes: ClassVar = [
            IndexModel([("family", ASCENDING)], name="family", unique=True),
            IndexModel([("user_id", ASCENDING), ("sort_key", DESCENDING)], name="user_newest"),
        ]


class Consent(StoredDocument):
    """``withdrawn_at`` is set on what no longer holds; ``is_owed_erasure``: what was kept by it is
    still to be removed."""

    user_id: str
    kind: ConsentKind
    document_version: str
    slot: str
    granted_at: UtcDatetime = Field(default_factory=utc_now)
    withdrawn_at: UtcDatetime | None = None
    is_owed_erasure: bool = False
    sort_key: str

    class Settings:
        name = "consents"
        indexes: ClassVar = [
            IndexModel([("slot", ASCENDING)], name="slot", unique=True),
            IndexModel([("is_owed_erasure", ASCENDING)], name="owed_erasure"),
            IndexModel([("user_id", ASCENDING), ("sort_key", DESCENDING)], name="user_newest"),
        ]
