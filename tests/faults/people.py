"""People who use the platform while its parts are killed, and write down what they were told."""

import asyncio
import random
import secrets
from collections.abc import Sequence
from functools import cache
from typing import Final

from api.local_stack.demo.client import Refused
from api.local_stack.demo.journey import SURVEY, Shot
from api.local_stack.demo.photos import EXAMPLES, example_photos
from schema.relay import global_id, record_id
from tests.faults.calls import Caller
from tests.faults.fates import act, follow
from tests.faults.ledger import Deletion, KnownAnalysis, KnownPhoto, Ledger

_JOURNEYS: Final = 6


class Person:
    """One person after another, all the same in what they do; ``live`` until told to stop."""

    def __init__(
        self, name: str, webs: tuple[str, ...], ledger: Ledger, *, seed: int, stop: asyncio.Event
    ) -> None:
        self._dice = random.Random(f"{seed}/{name}")  # noqa: S311 to be repeatable
        self._ledger = ledger
        self._caller = Caller(webs, ledger, self._dice)
        self._stop = stop
        self._owner = ""
        self._photos: list[KnownPhoto] = []

    async def live(self) -> None:
        while not self._stop.is_set():
            await self._sign_up()
            for _ in range(_JOURNEYS):
                if self._stop.is_set():
                    return
                await self._journey()

    async def _sign_up(self) -> None:
        """Someone new. A sign-up that was cut off may have been done: then its e-mail is taken."""
        self._caller.token, self._photos = "", []
        email, password = f"{secrets.token_hex(8)}@example.com", secrets.token_urlsafe(18)
        new = {"email": email, "password": password, "nickname": "견디미", "birthYear": 1990}
        try:
            payload = await self._caller.mutate("SignUp", **new)
        except Refused:
            payload = await self._caller.mutate("LogIn", email=email, password=password)
        self._owner = record_id("User", payload["viewer"]["id"])
        self._caller.token = payload["tokens"]["accessToken"]
        self._ledger.tokens[self._owner] = self._caller.token
        await self._consent()

    async def _consent(self) -> None:
        documents = await self._caller.query("ConsentDocuments")
        [wanted] = [one for one in documents if one["kind"] == "SENSITIVE_DATA"]
        await self._caller.mutate(
            "GrantConsent", kind=wanted["kind"], documentVersion=wanted["version"]
        )

    async def _journey(self) -> None:
        known = await self._request(await self._some_photos())
        async with asyncio.TaskGroup() as group:
            group.create_task(follow(self._caller, self._ledger, known, self._dice))
            group.create_task(act(self._caller, self._ledger, known, self._dice))

    async def _some_photos(self) -> list[KnownPhoto]:
        """Of one or two sites: new ones now and then, else those of the journey before."""
        kept = [photo for photo in self._photos if photo.deletion is Deletion.NO]
        if kept and self._dice.random() < 0.5:
            return kept
        shots = self._dice.sample(_shots(), 2)
        wanted = shots[: 1 + (shots[0].site != shots[1].site and self._dice.random() < 0.5)]
        self._photos = [await self._upload(shot) for shot in wanted]
        return self._photos

    async def _upload(self, shot: Shot) -> KnownPhoto:
        """With one key until there is an answer, now and then once more: it must be the same."""
        key = secrets.token_hex(16)
        first = await self._send(shot, key)
        known = KnownPhoto(first, self._owner, key)
        self._ledger.photos[known.id] = known
        if self._dice.random() < 0.3 and (again := await self._send(shot, key)) != first:
            self._ledger.problems.append(f"key {key} made both photo {first} and {again}")
        return known

    async def _send(self, shot: Shot, key: str) -> str:
        self._ledger.unanswered_uploads[key] = self._owner
        self._ledger.uploading += 1
        try:
            photo = await self._caller.upload(shot.path, shot.site, key=key)
        finally:
            self._ledger.uploading -= 1
        del self._ledger.unanswered_uploads[key]
        return record_id("Photo", photo["id"])

    async def _request(self, photos: Sequence[KnownPhoto]) -> KnownAnalysis:
        """Ask with one key until there is an answer, then once more: it must be the same one."""
        key = secrets.token_hex(16)
        first = await self._ask(photos, key)
        known = KnownAnalysis(first, self._owner, key, tuple(photo.id for photo in photos))
        self._ledger.analyses[known.id] = known
        if self._dice.random() < 0.3 and (again := await self._ask(photos, key)) != first:
            self._ledger.problems.append(f"key {key} made both {first} and {again}")
        return known

    async def _ask(self, photos: Sequence[KnownPhoto], key: str) -> str:
        ids = [global_id("Photo", photo.id) for photo in photos]
        self._ledger.unanswered[key] = self._owner
        payload = await self._caller.mutate(
            "RequestAnalysis", photoIds=ids, survey=SURVEY, idempotencyKey=key
        )
        del self._ledger.unanswered[key]
        return record_id("Analysis", payload["analysis"]["id"])


@cache
def _shots() -> list[Shot]:
    return [Shot(EXAMPLES / one["file"], one["site"]) for one in example_photos()]
