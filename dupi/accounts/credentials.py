"""Passwords that are replaced, and e-mails that are confirmed.

What the mail holds opens an account, so whoever asks for one learns nothing: an unknown e-mail is
answered as a known one, after the same work.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument

from dupi.accounts import sessions
from dupi.accounts.fields import check, read_email, read_password
from dupi.accounts.guessing import check_password, limit_mails, limit_tokens
from dupi.accounts.mail_tokens import bad_token, hash_of, new_nonce, read_token
from dupi.accounts.mailing import a_mail, queueing
from dupi.accounts.models import MailKind, QueuedMail, User
from dupi.accounts.people import STAYING, find_person, users
from dupi.adapters.hints import MAIL_CHANNEL
from dupi.clock import epoch_ms, utc_now
from dupi.errors import InvalidCredentials, Unauthenticated
from dupi.knowledge.vocabulary import Locale

if TYPE_CHECKING:
    from dupi.resources import Resources
    from dupi.settings import Settings


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token's mail, and the fields that let it in once."""

    mail: QueuedMail
    fields: dict[str, Any]


async def change_password(  # noqa: PLR0913
    resources: "Resources",
    *,
    user_id: str,
    session_id: str,
    current: str,
    new: str,
    locale: Locale = Locale.KO,
    address: str | None = None,
) -> User:
    """Replace the password; all other sessions end with the same write, and a mail says so.

    Raises InvalidInput (``newPassword``), InvalidCredentials, RateLimited, Unavailable,
    Unauthenticated (the account is gone).
    """
    user = await find_person(user_id)
    if user is None:
        raise Unauthenticated("the account is gone")
    password: Any = read_password(new)
    check(newPassword=password)
    await check_password(resources, user, current, address=address)
    changes = await _replacing(resources, password) | {"kept_session_id": session_id}
    fence = {"password_hash": user.password_hash}
    changed = await _replace(resources, user_id, fence, changes, locale)
    if changed is None:
        raise InvalidCredentials("the password was replaced meanwhile", reason="password")
    await sessions.end_other_sessions(user_id, keep=session_id)
    return changed


async def request_password_reset(
    resources: "Resources", *, email: str, locale: Locale = Locale.KO, address: str | None = None
) -> None:
    """Send a token to the person with this e-mail, if there is one. One write in either case.

    Raises InvalidInput (``email``), RateLimited.
    """
    read: Any = read_email(email)
    check(email=read)
    await limit_mails(resources, read, address)
    token = issue_token(resources.settings, MailKind.PASSWORD_RESET, locale)
    await users().update_one({"email": read} | STAYING, queueing(token.mail, token.fields))
    await resources.hints.publish(MAIL_CHANNEL)


async def reset_password(
    resources: "Resources",
    *,
    token: str,
    new: str,
    locale: Locale = Locale.KO,
    address: str | None = None,
) -> None:
    """Spend a token that came by mail for a new password; all sessions end with the same write.

    Raises InvalidInput (``newPassword``), InvalidCredentials (the token), RateLimited, Unavailable.
    """
    password: Any = read_password(new)
    check(newPassword=password)
    await limit_tokens(resources, address)
    given = read_token(token)
    user = await find_person(given.user_id)
    if user is None or not _holds(given.hash, user.reset_hash, user.reset_expires_ms):
        raise bad_token()  # before a password is hashed for whoever makes one up
    changes = await _replacing(resources, password) | {"kept_session_id": ""}
    if user.email_verified_at is None:  # whoever has the token reads that mail
        changes |= {"email_verified_at": utc_now()} | _no_token("verify")
    if await _replace(resources, user.id, {"reset_hash": given.hash}, changes, locale) is None:
        raise bad_token()
    await sessions.end_all_sessions(user.id)


async def request_email_verification(
    resources: "Resources",
    *,
    user_id: str,
    locale: Locale = Locale.KO,
    address: str | None = None,
) -> User:
    """Send another token to confirm the e-mail with, unless it is confirmed already.

    Raises RateLimited, Unauthenticated (the account is gone).
    """
    user = await find_person(user_id)
    if user is None:
        raise Unauthenticated("the account is gone")
    if user.email_verified_at is None:
        await limit_mails(resources, user.email, address)
        token = issue_token(resources.settings, MailKind.VERIFY_EMAIL, locale)
        await users().update_one({"_id": user_id} | STAYING, queueing(token.mail, token.fields))
        await resources.hints.publish(MAIL_CHANNEL)
    return user


async def verify_email(
    resources: "Resources", *, token: str, address: str | None = None
) -> datetime:
    """Spend a token that came by mail: its reader owns the address. Since when that is known.

    Raises InvalidCredentials (the token), RateLimited.
    """
    await limit_tokens(resources, address)
    given, now = read_token(token), utc_now()
    done = await users().update_one(
        {
            "_id": given.user_id,
            "verify_hash": given.hash,
            "verify_expires_ms": {"$gt": epoch_ms(now)},
        }
        | STAYING,
        {"$set": {"email_verified_at": now} | _no_token("verify")},
    )
    if not done.matched_count:
        raise bad_token()
    return now


def issue_token(settings: "Settings", kind: MailKind, locale: Locale) -> IssuedToken:
    """A new token of this kind; one that went out before is good no more."""
    name, seconds = _TOKENS[kind], _life(settings, kind)
    nonce, expires_at_ms = new_nonce(), epoch_ms(utc_now()) + seconds * 1000
    return IssuedToken(
        mail=a_mail(kind, locale, nonce=nonce, expires_at_ms=expires_at_ms),
        fields={
            f"{name}_hash": hash_of(settings.secret, kind, nonce),
            f"{name}_expires_ms": expires_at_ms,
        },
    )


_TOKENS = {MailKind.PASSWORD_RESET: "reset", MailKind.VERIFY_EMAIL: "verify"}


def _life(settings: "Settings", kind: MailKind) -> int:
    is_reset = kind is MailKind.PASSWORD_RESET
    return settings.mail.reset_seconds if is_reset else settings.mail.verify_seconds


def _holds(given: str, stored: str, expires_ms: int) -> bool:
    return given == stored and expires_ms > epoch_ms(utc_now())


def _no_token(name: str) -> dict[str, Any]:
    return {f"{name}_hash": "", f"{name}_expires_ms": 0}


async def _replacing(resources: "Resources", password: str) -> dict[str, Any]:
    """Tokens that went out for the old password are good no more."""
    return {"password_hash": await resources.passwords.hash(password)} | _no_token("reset")


async def _replace(
    resources: "Resources",
    user_id: str,
    fence: dict[str, Any],
    changes: dict[str, Any],
    locale: Locale,
) -> User | None:
    """In one write: the password, the end of the sessions, and the mail about it."""
    update = queueing(a_mail(MailKind.PASSWORD_CHANGED, locale), changes)
    update["$inc"]["credentials"] = 1
    row = await users().find_one_and_update(
        {"_id": user_id} | fence | STAYING, update, return_document=ReturnDocument.AFTER
    )
    await resources.hints.publish(MAIL_CHANNEL)
    return User.from_row(row) if row else None
