"""Guessing passwords is limited per account and per address, wherever one is asked for; so are
mails that somebody asks for, and the tokens in them."""

from typing import TYPE_CHECKING

from dupi.accounts.fields import read_password
from dupi.accounts.models import User
from dupi.adapters.limits import Limit
from dupi.errors import FieldErrorCode, InvalidCredentials

if TYPE_CHECKING:
    from dupi.resources import Resources


async def limit_address(resources: "Resources", what: str, address: str | None, burst: int) -> None:
    """Count one try from there, where the address is known. Raises RateLimited."""
    if address is not None:
        limit = Limit(burst, resources.settings.accounts.address_refill_seconds)
        await resources.limits.take(f"{what} from {address}", limit)


async def limit_account(resources: "Resources", email: str) -> None:
    """Count one try at this account, whether it exists or not. Raises RateLimited."""
    settings = resources.settings.accounts
    limit = Limit(settings.log_ins_per_account, settings.account_refill_seconds)
    await resources.limits.take(_tries(email), limit)


async def forgive_account(resources: "Resources", email: str) -> None:
    """The right password was given: earlier tries do not count."""
    await resources.limits.forgive(_tries(email))


async def limit_mails(resources: "Resources", email: str, address: str | None) -> None:
    """Count one mail asked for, whether anybody has this e-mail or not. Raises RateLimited."""
    settings = resources.settings.mail
    asked = Limit(settings.requests_per_address, settings.address_refill_seconds)
    await _limit(resources, "mails asked for", address, asked)
    limit = Limit(settings.requests_per_email, settings.email_refill_seconds)
    await resources.limits.take(f"mails to {email}", limit)


async def limit_tokens(resources: "Resources", address: str | None) -> None:
    """Count one token tried from there. Raises RateLimited."""
    settings = resources.settings.mail
    tried = Limit(settings.tokens_per_address, settings.address_refill_seconds)
    await _limit(resources, "mail tokens", address, tried)


async def check_password(
    resources: "Resources", user: User, password: str, *, address: str | None
) -> None:
    """That whoever is signed in knows the password, under the same limits as logging in.

    Raises InvalidCredentials, RateLimited, Unavailable.
    """
    most = resources.settings.accounts.log_ins_per_address
    await limit_address(resources, "log-ins", address, most)
    await limit_account(resources, user.email)
    typed = or_nothing(read_password(password))
    if not await resources.passwords.matches(typed, user.password_hash):
        raise InvalidCredentials("the password is wrong", reason="password")
    await forgive_account(resources, user.email)


def or_nothing(read: str | FieldErrorCode) -> str:
    """What was typed; nothing, which fits no account, where it cannot be an e-mail or password."""
    return "" if isinstance(read, FieldErrorCode) else read


def _tries(email: str) -> str:
    return f"log-ins of account {email}"


async def _limit(resources: "Resources", what: str, address: str | None, limit: Limit) -> None:
    if address is not None:
        await resources.limits.take(f"{what} from {address}", limit)
