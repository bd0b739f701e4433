"""Coming in and going out: sign-up, log-in, tokens, log-out."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from dupi.accounts import sessions
from dupi.accounts.credentials import issue_token
from dupi.accounts.fields import (
    check,
    needs_guardian,
    read_birth_year,
    read_email,
    read_nickname,
    read_password,
)
from dupi.accounts.guessing import (
    forgive_account,
    limit_account,
    limit_address,
    or_nothing,
)
from dupi.accounts.mailing import queued_at_first
from dupi.accounts.models import ConsentKind, MailKind, Role, Session, User
from dupi.accounts.people import find_person, users
from dupi.accounts.tokens import RefreshToken, issue_access_token, read_access_token
from dupi.adapters.hints import MAIL_CHANNEL
from dupi.clock import from_epoch_ms, utc_now
from dupi.errors import (
    ConsentRequired,
    FieldErrorCode,
    Forbidden,
    InvalidCredentials,
    InvalidInput,
    Unauthenticated,
)
from dupi.knowledge.vocabulary import Locale

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


async def sign_up(  # noqa: PLR0913
    resources: "Resources",
    *,
    email: str,
    password: str,
    nickname: str,
    birth_year: int,
    user_agent: str | None = None,
    address: str | None = None,
    locale: Locale = Locale.KO,
) -> SignedIn:
    """Open an account and a session; a mail asks whether the e-mail is theirs.

    Raises InvalidInput (a taken e-mail: TAKEN), ConsentRequired (GUARDIAN: under 14), RateLimited,
    Unavailable.
    """
    this_year = utc_now().year
    fields: dict[str, Any] = {
        "email": read_email(email),
        "password": read_password(password),
        "nickname": read_nickname(nickname),
        "birthYear": read_birth_year(birth_year, this_year=this_year),
    }
    check(**fields)
    if needs_guardian(birth_year, this_year=this_year):
        raise ConsentRequired(ConsentKind.GUARDIAN)
    settings = resources.settings.accounts
    await limit_address(resources, "sign-ups", address, settings.sign_ups_per_address)
    token = issue_token(resources.settings, MailKind.VERIFY_EMAIL, locale)
    user = User(
        email=fields["email"],
        password_hash=await resources.passwords.hash(fields["password"]),
        nickname=fields["nickname"],
        birth_year=birth_year,
        **token.fields,
        **queued_at_first(token.mail),
    )
    try:
        await user.insert()
    except DuplicateKeyError as taken:
        raise InvalidInput.at("email", code=FieldErrorCode.TAKEN) from taken
    await resources.hints.publish(MAIL_CHANNEL)
    return await _open_session(resources, user, user_agent)


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
    settings = resources.settings.accounts
    await limit_address(resources, "log-ins", address, settings.log_ins_per_address)
    known_email, typed = or_nothing(read_email(email)), or_nothing(read_password(password))
    if known_email:
        await limit_account(resources, known_email)
    row = await users().find_one({"email": known_email})
    user = User.from_row(row) if row else None
    if not await resources.passwords.matches(typed, user and user.password_hash) or user is None:
        raise InvalidCredentials("e-mail or password is wrong")
    if user.suspended:
        raise Forbidden("the account is suspended", reason="suspended")
    await forgive_account(resources, known_email)
    await _renew_hash(resources, user, typed)
    return await _open_session(resources, user, user_agent)


async def refresh_session(
    resources: "Resources", *, refresh_token: str, address: str | None = None
) -> SignedIn:
    """Trade a refresh token for a new pair. One that was spent before ends its session.

    Raises InvalidCredentials, RateLimited.
    """
    settings = resources.settings.accounts
    await limit_address(resources, "refreshes", address, settings.log_ins_per_address)
    session, token = await sessions.rotate(settings, RefreshToken.read(refresh_token))
    user = await find_person(session.user_id)
    if user is None or user.suspended or not user.accepts(session):
        await sessions.end_session(session.id, user_id=session.user_id)
        raise InvalidCredentials("the account is gone or suspended, or its password replaced")
    return _signed_in(resources, user, session, token)


async def log_out(
    resources: "Resources", *, user_id: str, session_id: str, everywhere: bool = False
) -> None:
    """End this session, or all of the person's."""
    if everywhere:
        await sessions.end_all_sessions(user_id)
    else:
        await sessions.end_session(session_id, user_id=user_id)


async def authenticate(resources: "Resources", *, access_token: str) -> Principal:
    """Who this token speaks for.

    Raises Unauthenticated (bad, expired, session ended, account gone), Forbidden (suspended). Two
    reads by id: a session that was ended and a person who was suspended are out at once.
    """
    claims = read_access_token(resources.settings, access_token)
    session = await sessions.find_session(claims.session_id, user_id=claims.user_id)
    if session is None:
        raise Unauthenticated("the session has ended")
    user = await find_person(session.user_id)
    if user is None or not user.accepts(session):
        raise Unauthenticated("the account is gone, or its password replaced")
    if user.suspended:
        raise Forbidden("the account is suspended", reason="suspended")
    return Principal(user_id=user.id, session_id=session.id, role=user.role)


async def _open_session(resources: "Resources", user: User, user_agent: str | None) -> SignedIn:
    session, token = await sessions.open_session(resources.settings.accounts, user, user_agent)
    return _signed_in(resources, user, session, token)


def _signed_in(
    resources: "Resources", user: User, session: Session, token: RefreshToken
) -> SignedIn:
    access = issue_access_token(resources.settings, user_id=user.id, session_id=session.id)
    return SignedIn(
        user=user,
        session=session,
        access_token=access.text,
        access_expires_at=access.expires_at,
        refresh_token=token.text,
        refresh_expires_at=from_epoch_ms(session.refresh_expires_at_ms),
    )


async def _renew_hash(resources: "Resources", user: User, password: str) -> None:
    """Hash again where the parameters have changed since."""
    if resources.passwords.is_outdated(user.password_hash):
        renewed = await resources.passwords.hash(password)
        await users().update_one(
            {"_id": user.id, "password_hash": user.password_hash},
            {"$set": {"password_hash": renewed}},
        )
