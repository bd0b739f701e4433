"""Mail that is owed to people: queued with what it tells of, sent by a relay, at least once.

``User.mails`` holds one mail of a kind at most, the newest: so the queue is bounded by the people
there are. ``mail_due_ms`` is when the next try is due (0: nothing waits); ``mail_revision`` counts
what was queued, and fences the write that takes out what was sent.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pymongo import ReturnDocument

from dupi.accounts.mail_texts import body_of, subject_of
from dupi.accounts.mail_tokens import token_text
from dupi.accounts.models import MailKind, QueuedMail, User
from dupi.accounts.people import STAYING, find_person, users
from dupi.adapters.mail import Mail, MailRefused
from dupi.clock import epoch_ms, utc_now
from dupi.documents import plain
from dupi.errors import Unavailable
from dupi.ids import new_id
from dupi.knowledge.vocabulary import Locale
from dupi.logs import get_logger
from dupi.metrics import MAILS

if TYPE_CHECKING:
    from dupi.resources import Resources

_AT_ONCE: Final = 1
"""A time that has come, whatever the clock says."""
_NEVER: Final = 0
_LEASE_MS: Final = 5 * 60_000
"""Longer than sending all kinds of one person takes: a relay that died is made up for then."""
_FIRST_PAUSE_MS: Final = 5_000
_LONGEST_PAUSE_MS: Final = 10 * 60_000
_NOTICE_KEPT_MS: Final = 24 * 3_600_000
"""A notice that could not be sent for so long is news no more."""

log = get_logger(__name__)


def a_mail(
    kind: MailKind, locale: Locale, *, nonce: str = "", expires_at_ms: int | None = None
) -> QueuedMail:
    expiry = epoch_ms(utc_now()) + _NOTICE_KEPT_MS if expires_at_ms is None else expires_at_ms
    return QueuedMail(id=new_id(), kind=kind, locale=locale, nonce=nonce, expires_at_ms=expiry)


def queueing(mail: QueuedMail, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The update that makes these changes to a person and queues a mail about them, as one."""
    queued = {f"mails.{mail.kind.value}": plain(mail), "mail_due_ms": _AT_ONCE, "mail_tries": 0}
    return {"$set": {**changes, **queued}, "$inc": {"mail_revision": 1}}


def queued_at_first(mail: QueuedMail) -> dict[str, Any]:
    """Fields of a new person to whom a mail is owed."""
    return {"mails": {mail.kind: mail}, "mail_due_ms": _AT_ONCE, "mail_revision": 1}


async def relay_next(resources: "Resources") -> bool:
    """Send what waits for one person; whether there was anybody whose turn it was."""
    now = epoch_ms(utc_now())
    row = await users().find_one_and_update(
        {"mail_due_ms": {"$gt": _NEVER, "$lte": now}},
        {"$set": {"mail_due_ms": now + _LEASE_MS}},
        sort=[("mail_due_ms", 1)],
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return False
    user = User.from_row(row)
    done = {mail.id for mail in user.mails.values() if await _send(resources, user, mail)}
    await _take_out(user, done)
    return True


async def _send(resources: "Resources", user: User, mail: QueuedMail) -> bool:
    """Whether nothing more is to be done about it."""
    if mail.expires_at_ms <= epoch_ms(utc_now()):
        return _ended(mail, "expired")
    try:
        await resources.mailer.send(_written(resources, user, mail))
    except MailRefused as refused:
        return _ended(mail, "refused", error=str(refused))
    except Unavailable as away:
        log.warning("mail_postponed", mail_id=mail.id, error=str(away))
        MAILS.labels(outcome="postponed").inc()
        return False
    return _ended(mail, "sent")


def _ended(mail: QueuedMail, outcome: str, **more: str) -> bool:
    """No address in the logs: the mail's id leads to the mail server's own."""
    MAILS.labels(outcome=outcome).inc()
    log.info("mail", outcome=outcome, kind=mail.kind.value, mail_id=mail.id, **more)
    return True


def _written(resources: "Resources", user: User, mail: QueuedMail) -> Mail:
    settings = resources.settings.mail
    pages = {
        MailKind.PASSWORD_RESET: (settings.reset_page, settings.reset_seconds),
        MailKind.VERIFY_EMAIL: (settings.verify_page, settings.verify_seconds),
    }
    page, seconds = pages.get(mail.kind, (None, 0))
    token = token_text(resources.settings.secret, mail.kind, mail.nonce, user_id=user.id)
    return Mail(
        id=mail.id,
        recipient=user.email,
        subject=subject_of(mail.kind, mail.locale),
        body=body_of(mail.kind, mail.locale, token=token, page=page, seconds=seconds),
    )


async def _take_out(user: User, done: set[str]) -> None:
    """What was queued meanwhile is another revision: then look again, and keep it."""
    now: User | None = user
    while now is not None:
        left = {kind: mail for kind, mail in now.mails.items() if mail.id not in done}
        fence = {"_id": user.id, "mail_revision": now.mail_revision} | STAYING
        written = await users().update_one(fence, {"$set": _rest(user, now, left)})
        if written.matched_count:
            return
        now = await find_person(user.id)


def _rest(user: User, now: User, left: Mapping[MailKind, QueuedMail]) -> dict[str, Any]:
    kept = {kind.value: plain(mail) for kind, mail in left.items()}
    if not left:
        return {"mails": kept, "mail_due_ms": _NEVER, "mail_tries": 0}
    if now.mail_revision != user.mail_revision:
        return {"mails": kept, "mail_due_ms": _AT_ONCE}
    pause = min(_FIRST_PAUSE_MS * 2**user.mail_tries, _LONGEST_PAUSE_MS)
    due = epoch_ms(utc_now()) + pause
    return {"mails": kept, "mail_due_ms": due, "mail_tries": user.mail_tries + 1}
