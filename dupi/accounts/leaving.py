"""Leaving: an account goes, and everything that is kept of the person with it.

One write puts a bare record in the account's place. From then on nobody is signed in as this
person or finds them, the e-mail is free again, and the record, which holds nothing but its id, says
what is still to be done. Then every noun erases what it holds (``resources.erasers``, in their
order). Whatever was cut off is taken up by the workers' sweep. All of it is done once more when no
call that had begun before can still be at work, for such a call may have written behind the
erasers' back; only then the bare record goes too.

No consent is kept: what it allowed to keep is gone, so there is nothing left that it would have to
prove, and personal data that has served its purpose is to be destroyed without delay (Personal
Information Protection Act, article 21). Records of what operators did stay, as those of access to
sensitive data must; they name an id that leads to nobody any more. No mail says that the account
is gone: sending it would mean to keep the address until then.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from dupi import idempotency
from dupi.accounts import consents, exports, sessions
from dupi.accounts.guessing import check_password
from dupi.accounts.models import User
from dupi.accounts.people import STAYING, find_person, users
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Unauthenticated
from dupi.logs import get_logger

if TYPE_CHECKING:
    from dupi.resources import Resources

_AT_ONCE: Final = 1
"""A time that has come, whatever the clock says."""
_CALLS_END_WITHIN: Final = timedelta(minutes=10)
_TRY_AGAIN_AFTER: Final = timedelta(minutes=1)
_WAITED_FOR_S: Final = 10.0
"""A call waits for the erasers so long; the sweep does the rest."""
_SWEEP_AT_ONCE: Final = 20

log = get_logger(__name__)


class Eraser(Protocol):
    """What one noun does when a person leaves."""

    async def __call__(self, resources: "Resources", user_id: str, *, keep_posts: bool) -> None:
        """Remove everything of the person. Safe to repeat from wherever it was cut off.

        ``keep_posts``: what was written for others stays, without its author.
        """


async def delete_account(
    resources: "Resources",
    *,
    user_id: str,
    password: str,
    keep_posts: bool = False,
    address: str | None = None,
) -> None:
    """Delete the account with all that is kept of the person; the e-mail is free at once.

    Raises Unauthenticated (gone already), InvalidCredentials, RateLimited, Unavailable. Once the
    person is out, it succeeds: what cannot be erased now is erased by the sweep.
    """
    user = await find_person(user_id)
    if user is None:
        raise Unauthenticated("the account is gone")
    await check_password(resources, user, password, address=address)
    bare = _bare_record(user_id, keep_posts=keep_posts)
    done = await users().replace_one({"_id": user_id} | STAYING, bare)
    if not done.matched_count:
        raise Unauthenticated("the account is gone")
    await _erase_for_now(resources, User.from_row(bare))


async def finish_leaving(resources: "Resources") -> int:
    """Finish what was cut off, and look once more after those who left; how many there were."""
    due = {"erase_due_ms": {"$gt": 0, "$lte": epoch_ms(utc_now())}}
    leaving = await User.find(due).limit(_SWEEP_AT_ONCE).to_list()
    for user in leaving:
        try:
            await _erase(resources, user)
        except Exception:  # the next one is another one
            log.exception("not_erased")
            await _postpone(user, _TRY_AGAIN_AFTER)
    return len(leaving)


def _bare_record(user_id: str, *, keep_posts: bool) -> dict[str, Any]:
    """Of the person's nothing but the id. What stands for the e-mail is none: nobody finds it."""
    return {
        "_id": user_id,
        "email": f"left:{user_id}",
        "password_hash": "",
        "nickname": "",
        "birth_year": 0,
        "is_leaving": True,
        "keeps_posts": keep_posts,
        "erase_due_ms": _AT_ONCE,
        "was_erased": False,
    }


async def _erase_for_now(resources: "Resources", user: User) -> None:
    try:
        async with asyncio.timeout(_WAITED_FOR_S):
            await _erase(resources, user)
    except Exception as failure:  # the sweep goes on with it
        log.warning("erasing_was_cut_off", error=repr(failure))


async def _erase(resources: "Resources", user: User) -> None:
    """What lets new things in goes first: sessions and consents."""
    await sessions.end_all_sessions(user.id)
    await consents.forget_person(user.id)
    for erase in resources.erasers:
        await erase(resources, user.id, keep_posts=user.keeps_posts)
    await exports.drop_archives(resources, user_id=user.id)
    await resources.storage.delete_prefix(exports.person_archives(user.id))
    await idempotency.forget_person(user.id)
    if user.was_erased:
        await users().delete_one({"_id": user.id, "is_leaving": True})
    else:
        await _postpone(user, _CALLS_END_WITHIN, was_erased=True)


async def _postpone(user: User, span: timedelta, **changes: Any) -> None:
    due = {"erase_due_ms": epoch_ms(utc_now() + span)}
    await users().update_one({"_id": user.id, "is_leaving": True}, {"$set": due | changes})
