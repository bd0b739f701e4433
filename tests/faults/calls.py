"""One person's calls: to any web, again where it is away, until there is an answer."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

from gql.transport.exceptions import TransportError, TransportQueryError

from api.local_stack.demo.client import Answer, ApiClient, Refused
from tests.faults.ledger import Ledger

_AGAIN: Final = ("UNAVAILABLE", "RATE_LIMITED")
_PAUSE_SECONDS: Final = 0.3
_LONGEST_PAUSE_SECONDS: Final = 5.0
_GIVE_UP_SECONDS: Final = 300.0
AWAY: Final = (TransportError, OSError, TimeoutError)
"""What a call raises whose web was killed."""

Call = Callable[[ApiClient], Awaitable[Answer]]


class NeverAnswered(Exception):
    """Nobody answered within minutes."""


class RefusedLater(Refused):
    """Refused after an earlier try that had no answer: perhaps because that one was done."""


class Caller:
    """Someone who knows the addresses of all webs and does not give up soon."""

    def __init__(self, webs: tuple[str, ...], ledger: Ledger, dice: random.Random) -> None:
        self._webs = webs
        self._ledger = ledger
        self._dice = dice
        self.token = ""

    async def query(self, operation: str, **variables: object) -> Any:
        return await self._until_answered(operation, lambda web: web.query(operation, **variables))

    async def mutate(self, operation: str, **fields: object) -> Answer:
        """The payload. Raises Refused on a UserError that another try would not change."""
        return await self._until_answered(operation, lambda web: web.mutate(operation, **fields))

    async def upload(self, photo: Path, site: str, *, key: str) -> Answer:
        return await self._until_answered(
            "UploadPhoto", lambda web: web.upload(photo, site, key=key)
        )

    async def follow(self, analysis_id: str, *, after: int) -> AsyncGenerator[Answer, None]:
        """One connection's events, for as long as it lasts. Raises one of ``AWAY``."""
        async with aclosing(self._web().follow(analysis_id, after=after)) as events:
            async for event in events:
                yield event

    async def _until_answered(self, what: str, call: Call) -> Answer:
        give_up = time.monotonic() + _GIVE_UP_SECONDS
        is_first = True
        while time.monotonic() < give_up:
            started = time.monotonic()
            try:
                return await call(self._web())
            except Refused as refused:
                if refused.error["code"] not in _AGAIN:
                    if is_first:
                        raise
                    raise RefusedLater(what, refused.error) from refused
                pause = self._disturbed(refused.error["code"], refused.error)
            except TransportQueryError as error:
                pause = self._top_level_error(what, error)
            except AWAY as away:
                pause = self._disturbed(type(away).__name__, {})
            finally:
                self._ledger.took(what, time.monotonic() - started)
            is_first = False
            await asyncio.sleep(pause)
        raise NeverAnswered(f"{what} had no answer within {_GIVE_UP_SECONDS:.0f} s")

    def _web(self) -> ApiClient:
        return ApiClient(self._dice.choice(self._webs), token=self.token)

    def _top_level_error(self, what: str, error: TransportQueryError) -> float:
        """Only pressure and parts that are away may make a whole answer an error."""
        code = error_code(error)
        if code not in _AGAIN:
            self._ledger.problems.append(f"{what} was answered by {code}: {error.errors}")
        return self._disturbed(code, _extensions(error))

    def _disturbed(self, why: str, error: Answer) -> float:
        """Seconds to wait: what the answer says, but no longer than this person is patient."""
        self._ledger.disturbed[why] += 1
        wanted = float(error.get("retryAfterSeconds") or 0)
        return min(max(wanted, _PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


def error_code(error: TransportQueryError) -> str:
    return str(_extensions(error).get("code"))


def _extensions(error: TransportQueryError) -> Answer:
    first: Answer = error.errors[0] if error.errors else {}
    return first.get("extensions") or {}
