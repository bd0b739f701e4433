"""What one person does under load: upload, ask, follow or poll; and how they take a no."""

import asyncio
import random
import secrets
import time
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from api.local_stack.demo.journey import SURVEY
from api.local_stack.demo.photos import EXAMPLES, example_photos
from tests.load.wire import Broken, Refusal, Refused, Wire, photo_body

_POLL_SECONDS: Final = 4.0
_TRIES: Final = 3
_HAMMERS_AFTER_SECONDS: Final = 0.2
_LONGEST_WAIT_SECONDS: Final = 30.0
_MAY_SAY_NO: Final = frozenset(
    {"UNAVAILABLE", "RATE_LIMITED", "HTTP 503", "HTTP 429", "close 1013", "close 4429"}
)


class Temper(StrEnum):
    """How someone takes a refusal."""

    PATIENT = "waits as long as told"
    HAMMERING = "tries again at once"
    LEAVING = "leaves"


class GaveUp(Exception):
    """Refused as often as this person tries."""


@dataclass
class Tally:
    """What came of all journeys. ``lived``: seconds from being accepted to the end, by analysis."""

    arrived: int = 0
    uploads: int = 0
    accepted: int = 0
    gave_up: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    lived: list[float] = field(default_factory=list)
    ended_at: list[float] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Journeys:
    """Journeys of these people through one web, drawn by ``dice``."""

    def __init__(self, wire: Wire, tokens: list[str], dice: random.Random) -> None:
        self._wire, self._tokens, self._dice = wire, tokens, dice
        self._bodies = [photo_body(EXAMPLES / one["file"], one["site"]) for one in example_photos()]
        self.tally = Tally()

    async def go(self, temper: Temper | None = None) -> None:
        """One whole journey of someone; what goes wrong is written down."""
        self.tally.arrived += 1
        token = self._dice.choice(self._tokens)
        temper = temper or self._dice.choice(list(Temper))
        follows, body = self._dice.random() < 0.5, self._dice.choice(self._bodies)
        try:
            photo = await self._insist(temper, "upload", token, body)
            self.tally.uploads += 1
            fields = {"photoIds": [photo], "survey": SURVEY}
            fields["idempotencyKey"] = secrets.token_hex(8)
            analysis = await self._insist(temper, "request", token, fields)
        except GaveUp:
            self.tally.gave_up += 1
        except Broken as broken:
            self.tally.problems.append(str(broken))
        else:
            await self._accepted(token, analysis, follows=follows)

    async def _insist(self, temper: Temper, step: str, token: str, what: Any) -> str:
        """Raises GaveUp, Broken."""
        call = self._wire.upload if step == "upload" else self._wire.request
        for _ in range(_TRIES):
            try:
                return await call(token, what)
            except Refused as no:
                self._note(no.refusal)
                if temper is Temper.LEAVING:
                    break
                await asyncio.sleep(_pause(temper, no.refusal))
        raise GaveUp

    async def _accepted(self, token: str, analysis: str, *, follows: bool) -> None:
        """Whatever comes, an accepted analysis is looked at until it has ended."""
        self.tally.accepted += 1
        began = time.monotonic()
        look = self._follow if follows else self._poll
        try:
            ended = await look(token, analysis)
        except Broken as broken:
            self.tally.problems.append(str(broken))
            ended = "lost from sight"
        self.tally.ended[ended] += 1
        self.tally.ended_at.append(time.monotonic())
        if ended == "COMPLETED":
            self.tally.lived.append(time.monotonic() - began)
        else:
            self.tally.problems.append(f"an accepted analysis ended as {ended}")

    async def _poll(self, token: str, analysis: str) -> str:
        while True:
            try:
                stands = await self._wire.poll(token, analysis)
            except Refused as no:
                self._note(no.refusal)
            else:
                if stands["status"] in {"COMPLETED", "FAILED", "CANCELLED"}:
                    return _outcome(stands)
            await asyncio.sleep(self._dice.uniform(0.75, 1.25) * _POLL_SECONDS)

    async def _follow(self, token: str, analysis: str) -> str:
        """Events without a gap, over as many connections as it takes."""
        seen = 0
        while True:
            try:
                async with aclosing(self._wire.follow(token, analysis, seen)) as events:
                    async for event in events:
                        if event["sequence"] != seen + 1:
                            self.tally.problems.append(f"event {event['sequence']} after {seen}")
                        seen = event["sequence"]
                        if event["__typename"] == "AnalysisFinished":
                            return _outcome(event["analysis"])
                raise Broken("follow: ended before the analysis")
            except Refused as no:
                self._note(no.refusal)
                await asyncio.sleep(_pause(Temper.PATIENT, no.refusal))

    def _note(self, refusal: Refusal) -> None:
        self.tally.refusals.append(refusal)
        if refusal.code not in _MAY_SAY_NO or refusal.retry_after is None:
            self.tally.problems.append(f"refused without a word when to come again: {refusal}")


def _outcome(stands: Any) -> str:
    failure = stands["failure"]
    return f"{stands['status']} {failure['code']}" if failure else str(stands["status"])


def _pause(temper: Temper, refusal: Refusal) -> float:
    if temper is Temper.HAMMERING:
        return _HAMMERS_AFTER_SECONDS
    return min(refusal.retry_after or 1, _LONGEST_WAIT_SECONDS)
