"""Many people with accounts and consents, made beside the API: its sign-up limits are right, and
would take hours."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Final

from dupi.accounts.consents import consent_documents
from dupi.accounts.models import ConsentKind
from dupi.accounts.service import grant_consent, sign_up
from dupi.resources import Resources
from dupi.settings import Settings

_AT_ONCE: Final = 8


def settings_for_signing_up(settings: Settings) -> Settings:
    """Cheap passwords, and tokens that outlast the load."""
    accounts = {"hash_memory_kib": 8, "hash_rounds": 1, "access_token_seconds": 7200}
    return settings.model_copy(update={"accounts": settings.accounts.model_copy(update=accounts)})


async def make_people(resources: Resources, count: int) -> list[str]:
    """Their access tokens."""
    kind = ConsentKind.SENSITIVE_DATA
    version = next(one.version for one in consent_documents() if one.kind == kind)
    left, tokens = iter(range(count)), list[str]()

    async def make() -> None:
        for _ in _shared(left):
            person = await sign_up(
                resources,
                email=f"load-{secrets.token_hex(8)}@example.com",
                password=secrets.token_urlsafe(18),
                nickname="붐비는이",
                birth_year=1990,
            )
            await grant_consent(
                resources, user_id=person.user.id, kind=kind, document_version=version
            )
            tokens.append(person.access_token)

    await asyncio.gather(*(make() for _ in range(_AT_ONCE)))
    return tokens


def _shared(left: Iterator[int]) -> Iterator[int]:
    """Whoever asks gets the next."""
    while (number := next(left, None)) is not None:
        yield number
