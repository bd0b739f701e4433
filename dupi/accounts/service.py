"""What people do with their accounts: sign up, log in and out, profile, consents."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dupi.accounts.models import Consent, ConsentKind, Role, Session, User
from dupi.knowledge.vocabulary import Gender

if TYPE_CHECKING:
    from dupi.resources import Resources


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    user_id: str
    session_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    session: Session
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Stands for a field that an update does not name."""


UNCHANGED = Unchanged()


async def sign_up(  # noqa: PLR0913
    resources: "Resources",
    *,
    email: str,
    password: str,
    nickname: str,
    birth_year: int,
    user_agent: str | None = None,
    address: str | None = None,
) -> SignedIn:
    """Open an account and a session.

    Raises InvalidInput (a taken e-mail: TAKEN), ConsentRequired (GUARDIAN: under 14), RateLimited,
    Unavailable.
    """
    raise NotImplementedError


async def log_in(
    resources: "Resources",
    *,
    email: str,
    password: str,
    user_agent: str | None = None,
    address: str | None = None,
) -> SignedIn:
    """Open a session. Raises InvalidCredentials, Forbidden (suspended), RateLimited, Unavailable.

    An unknown e-mail takes as long as a wrong password, and answers the same.
    """
    raise NotImplementedError


async def refresh_session(
    resources: "Resources", *, refresh_token: str, address: str | None = None
) -> SignedIn:
    """Trade a refresh token for a new pair. One that was spent before ends its session.

    Raises InvalidCredentials, RateLimited.
    """
    raise NotImplementedError


async def log_out(
    resources: "Resources", *, user_id: str, session_id: str, everywhere: bool = False
) -> None:
    """End this session, or all of the person's."""
    raise NotImplementedError


async def authenticate(resources: "Resources", *, access_token: str) -> Principal:
    """Who this token speaks for. Raises Unauthenticated (bad, expired, session ended)."""
    raise NotImplementedError


async def get_user(resources: "Resources", *, user_id: str) -> User:
    """Raises NotFound."""
    raise NotImplementedError


async def update_profile(
    resources: "Resources",
    *,
    user_id: str,
    nickname: str | Unchanged = UNCHANGED,
    gender: Gender | Unchanged | None = UNCHANGED,
) -> User:
    """Change what is named. Raises InvalidInput, NotFound."""
    raise NotImplementedError


async def list_sessions(resources: "Resources", *, user_id: str) -> list[Session]:
    """Newest first; bounded by the most sessions a person may have."""
    raise NotImplementedError


async def grant_consent(
    resources: "Resources", *, user_id: str, kind: ConsentKind, document_version: str
) -> Consent:
    """Give a consent to the current document; giving the same again answers the one that holds.

    Raises InvalidInput, Conflict (a document that was replaced).
    """
    raise NotImplementedError


async def withdraw_consent(resources: "Resources", *, user_id: str, kind: ConsentKind) -> Consent:
    """Withdraw the consent that holds. Raises NotFound where none does.

    What hangs on it is not removed here: see ``dupi.analyses.consent``.
    """
    raise NotImplementedError


async def list_consents(resources: "Resources", *, user_id: str) -> list[Consent]:
    """The history, newest first, the latest 100."""
    raise NotImplementedError


async def has_consent(resources: "Resources", *, user_id: str, kind: ConsentKind) -> bool:
    """Whether the person's consent to the current document holds."""
    raise NotImplementedError
