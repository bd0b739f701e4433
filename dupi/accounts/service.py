"""What people do with their accounts: come in and go out, profile, sessions, consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dupi.accounts import consents, sessions
from dupi.accounts.credentials import (
    change_password,
    request_email_verification,
    request_password_reset,
    reset_password,
    verify_email,
)
from dupi.accounts.fields import check, read_email, read_nickname
from dupi.accounts.leaving import delete_account, finish_leaving
from dupi.accounts.mailing import relay_next
from dupi.accounts.models import Consent, ConsentKind, Role, Session, User
from dupi.accounts.people import change_person, find_people, find_person, users
from dupi.accounts.signing_in import (
    Principal,
    SignedIn,
    authenticate,
    log_in,
    log_out,
    refresh_session,
    sign_up,
)
from dupi.errors import FieldErrorCode, NotFound
from dupi.knowledge.vocabulary import Gender

if TYPE_CHECKING:
    from dupi.resources import Resources

__all__ = [
    "UNCHANGED",
    "Principal",
    "SignedIn",
    "Unchanged",
    "authenticate",
    "change_password",
    "delete_account",
    "find_by_email",
    "finish_leaving",
    "get_consent",
    "get_session",
    "get_user",
    "get_users",
    "give_role",
    "grant_consent",
    "has_consent",
    "list_consents",
    "list_sessions",
    "log_in",
    "log_out",
    "refresh_session",
    "relay_next",
    "request_email_verification",
    "request_password_reset",
    "reset_password",
    "revoke_session",
    "sign_up",
    "update_profile",
    "verify_email",
    "who_consents",
    "withdraw_consent",
]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Stands for a field that an update does not name."""


UNCHANGED: Final = Unchanged()


async def get_user(resources: "Resources", *, user_id: str) -> User:
    """Raises NotFound."""
    user = await find_person(user_id)
    if user is None:
        raise NotFound(f"no user {user_id}")
    return user


async def get_users(resources: "Resources", *, user_ids: Sequence[str]) -> list[User]:
    """Those that are there, in no order."""
    return await find_people(user_ids)


async def find_by_email(resources: "Resources", *, email: str) -> User:
    """Raises NotFound."""
    read = read_email(email)
    row = await users().find_one({"email": read})
    if isinstance(read, FieldErrorCode) or row is None:
        raise NotFound("nobody has an account with this e-mail")
    return User.from_row(row)


async def give_role(resources: "Resources", *, user_id: str, role: Role) -> User:
    """The person with the role, which holds from the next request on. Raises NotFound."""
    return await change_person(user_id, {"role": role.value})


async def update_profile(
    resources: "Resources",
    *,
    user_id: str,
    nickname: str | Unchanged | None = UNCHANGED,
    gender: Gender | Unchanged | None = UNCHANGED,
) -> User:
    """Change what is named; ``None`` clears the gender. Raises InvalidInput, NotFound."""
    changes: dict[str, Any] = {}
    if not isinstance(nickname, Unchanged):
        name = FieldErrorCode.REQUIRED if nickname is None else read_nickname(nickname)
        check(nickname=name)
        changes["nickname"] = name
    if not isinstance(gender, Unchanged):
        changes["gender"] = gender and gender.value
    if not changes:
        return await get_user(resources, user_id=user_id)
    return await change_person(user_id, changes)


async def list_sessions(resources: "Resources", *, user_id: str) -> list[Session]:
    """Those that are good, newest first; bounded by the most that a person may have."""
    user = await get_user(resources, user_id=user_id)
    newest = await sessions.list_newest(user_id, resources.settings.accounts.max_sessions)
    return [session for session in newest if user.accepts(session)]


async def get_session(resources: "Resources", *, user_id: str, session_id: str) -> Session:
    """Raises NotFound."""
    for session in await list_sessions(resources, user_id=user_id):
        if session.id == session_id:
            return session
    raise NotFound(f"no session {session_id}")


async def revoke_session(resources: "Resources", *, user_id: str, session_id: str) -> None:
    """End one of the person's sessions, this one or another. Raises NotFound."""
    if not await sessions.end_session(session_id, user_id=user_id):
        raise NotFound(f"no session {session_id}")


async def grant_consent(
    resources: "Resources", *, user_id: str, kind: ConsentKind, document_version: str
) -> Consent:
    """Give a consent to the current document; giving the same again answers the one that holds.

    Raises InvalidInput (``kind``, ``documentVersion``), Conflict.
    """
    return await consents.grant(user_id=user_id, kind=kind, document_version=document_version)


async def withdraw_consent(resources: "Resources", *, user_id: str, kind: ConsentKind) -> Consent:
    """Withdraw the consent that holds. Raises NotFound where none does.

    What hangs on it is not removed here: see ``dupi.analyses.consent``.
    """
    return await consents.withdraw(user_id=user_id, kind=kind)


async def list_consents(resources: "Resources", *, user_id: str) -> list[Consent]:
    """The history, newest first, the latest 100."""
    return await consents.history(user_id)


async def get_consent(resources: "Resources", *, user_id: str, consent_id: str) -> Consent:
    """Of the history too. Raises NotFound."""
    return await consents.find_consent(consent_id, user_id=user_id)


async def has_consent(resources: "Resources", *, user_id: str, kind: ConsentKind) -> bool:
    """Whether the person's consent to the current document holds."""
    standing = await consents.find_standing(user_id=user_id, kind=kind)
    return standing is not None and standing.document_version == consents.current_version(kind)


async def who_consents(
    resources: "Resources", *, user_ids: Sequence[str], kind: ConsentKind
) -> set[str]:
    """Those of these people whose consent to the current document holds; in one read."""
    standing = await consents.find_all_standing(user_ids=user_ids, kind=kind)
    version = consents.current_version(kind)
    return {one.user_id for one in standing if one.document_version == version}
