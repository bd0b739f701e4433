"""What one person does: sign up, consent, upload, ask, follow, read. One line a step."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from api.local_stack.demo.client import Answer, ApiClient

SURVEY: Final[Mapping[str, Any]] = {
    "shampooFrequency": "EVERY_OTHER_DAY",
    "permFrequency": "ONE_TO_THREE_A_YEAR",
    "dyeFrequency": "FOUR_TO_SIX_A_YEAR",
    "hairState": "DYED",
    "products": ["SHAMPOO", "CONDITIONER", "STYLING_PRODUCT"],
    "wantsCustomCare": True,
    "purchasePriority": "LOW_IRRITATION",
    "symptoms": ["ITCHING"],
    "circumstances": [],
}

T = TypeVar("T")


@dataclass(frozen=True)
class Shot:
    """A photo on this machine, and the site of the scalp that it shows."""

    path: Path
    site: str


@dataclass
class Journey:
    """What came back: the analysis and its events as the API returned them."""

    client: ApiClient
    analysis: Answer = field(default_factory=dict)
    events: list[Answer] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Watcher(Protocol):
    """Is told what happens, to show it."""

    def step(self, text: str) -> None: ...

    def event(self, event: Answer) -> None: ...


async def travel(base_url: str, shots: Sequence[Shot], watcher: Watcher) -> Journey:
    """The whole journey, from signing up to reading the analysis. Raises Refused."""
    journey = Journey(ApiClient(base_url))
    await sign_up_and_consent(journey, watcher)
    photos = await _timed(journey, "uploadPhotos", lambda: _upload(journey, shots, watcher))
    asked = await _timed(journey, "requestAnalysis", lambda: _request(journey, photos, watcher))
    await _timed(journey, "analysis", lambda: _follow(journey, asked["id"], watcher))
    read = await journey.client.query("Analysis", id=asked["id"])
    journey.analysis = read
    return journey


async def sign_up_and_consent(journey: Journey, watcher: Watcher) -> None:
    """Become someone who may upload; ``journey.client`` then speaks for that person."""
    await _timed(journey, "signUp", lambda: _sign_up(journey, watcher))
    await _timed(journey, "grantConsent", lambda: _consent(journey, watcher))


async def _timed(journey: Journey, name: str, step: Callable[[], Awaitable[T]]) -> T:
    started = time.monotonic()
    try:
        return await step()
    finally:
        journey.seconds[name] = round(time.monotonic() - started, 3)


async def _sign_up(journey: Journey, watcher: Watcher) -> None:
    email = f"demo-{secrets.token_hex(6)}@example.com"
    payload = await journey.client.mutate(
        "SignUp",
        email=email,
        password=secrets.token_urlsafe(18),
        nickname="두피지킴이",
        birthYear=1990,
    )
    journey.client = journey.client.with_token(payload["tokens"]["accessToken"])
    watcher.step(f"signed up as {email}")


async def _consent(journey: Journey, watcher: Watcher) -> None:
    documents = await journey.client.query("ConsentDocuments")
    document = next(one for one in documents if one["kind"] == "SENSITIVE_DATA")
    await journey.client.mutate(
        "GrantConsent", kind=document["kind"], documentVersion=document["version"]
    )
    watcher.step(f"consented: {document['title']} ({document['version']})")


async def _upload(journey: Journey, shots: Sequence[Shot], watcher: Watcher) -> list[Answer]:
    photos = []
    for shot in shots:
        photo = await journey.client.upload(shot.path, shot.site)
        size = f"{photo['width']} × {photo['height']}"
        watcher.step(f"uploaded {shot.path.name} ({shot.site}, {size})")
        photos.append(photo)
    return photos


async def _request(journey: Journey, photos: Sequence[Answer], watcher: Watcher) -> Answer:
    payload = await journey.client.mutate(
        "RequestAnalysis",
        photoIds=[photo["id"] for photo in photos],
        survey=SURVEY,
        idempotencyKey=secrets.token_hex(16),
    )
    watcher.step("asked for an analysis, with the survey's answers")
    analysis: Answer = payload["analysis"]
    return analysis


async def _follow(journey: Journey, analysis_id: str, watcher: Watcher) -> None:
    started = time.monotonic()
    async for event in journey.client.follow(analysis_id):
        journey.events.append(event)
        name = f"until{event['__typename'].removeprefix('Analysis')}"
        journey.seconds.setdefault(name, round(time.monotonic() - started, 3))
        watcher.event(event)
