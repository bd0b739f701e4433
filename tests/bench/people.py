"""People who use the public API, each with one connection for requests and one socket."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from tests.support.web import SURVEY, Caller, WebSocket, operation, socket

_PATIENCE_S: Final = 120.0


class Refused(Exception):
    """The API did not do what a person asked for: a figure of that would mean nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """A progress event and when it came in."""

    event: dict[str, Any]
    received: datetime

    @property
    def written(self) -> datetime:
        """When the worker made it, cut to milliseconds, just before it was stored."""
        return datetime.fromisoformat(self.event["at"])


@dataclass
class Person:
    """Signed up, consented, with an initialised socket.

    ``refused``: how often there was no room for an analysis, and this person asked again later.
    """

    caller: Caller
    wire: WebSocket
    photos: list[str] = field(default_factory=list)
    refused: int = 0
    _followed: int = 0

    async def upload(self, photo: bytes) -> str:
        """The stored photo's id."""
        return str(_payload(await self.caller.upload(photo))["photo"]["id"])

    async def analyse(self, photo_id: str) -> list[Told]:
        """Ask for an analysis of one photo and follow it until it is completed."""
        given = {"photoIds": [photo_id], "survey": SURVEY, "idempotencyKey": secrets.token_hex(8)}
        told = [event async for event in self._follow(await self._ask(given))]
        end = told[-1].event.get("analysis") or {}
        if end.get("status") != "COMPLETED":
            raise Refused(f"an analysis ended as {end}")
        return told

    async def _ask(self, given: dict[str, Any]) -> str:
        """Ask until there is room; the analysis' id."""
        while "retryAfterSeconds" in (
            asked := await self.caller.run("RequestAnalysis", input=given)
        ):
            self.refused += 1
            await asyncio.sleep(asked["retryAfterSeconds"])
        return str(_payload(asked)["analysis"]["id"])

    async def _follow(self, analysis_id: str) -> AsyncIterator[Told]:
        self._followed += 1
        document, name = operation("AnalysisProgress"), str(self._followed)
        await self.wire.subscribe(document, name, id=analysis_id, after=0)
        async for event in self.wire.events():
            yield Told(event, datetime.now(UTC))


@asynccontextmanager
async def people(web_url: str, count: int) -> AsyncIterator[list[Person]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_person(web_url)) for _ in range(count)]


@asynccontextmanager
async def _person(web_url: str) -> AsyncIterator[Person]:
    async with httpx.AsyncClient(base_url=web_url, timeout=_PATIENCE_S, trust_env=False) as http:
        caller, name = Caller(http), secrets.token_hex(6)
        _payload(await caller.sign_up(f"bench-{name}@example.com", nickname=name))
        _payload(await caller.consent())
        async with socket(web_url.removeprefix("http://"), proxy=None) as wire:
            wire.patience_s = _PATIENCE_S
            await wire.initialise(caller.token)
            yield Person(caller, wire)


def _payload(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer["__typename"].endswith("Payload"):
        raise Refused(str(answer))
    return answer
