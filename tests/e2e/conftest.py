"""People who go through the public API of the real stack."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.local_stack.demo.client import Answer, ApiClient
from api.local_stack.demo.journey import SURVEY, Journey, Shot, sign_up_and_consent
from api.local_stack.demo.photos import EXAMPLES, example_photos
from tests.support.outcomes import check_completed
from tests.support.stack import RunningStack


@dataclass
class Notes:
    """A watcher that only remembers."""

    steps: list[str] = field(default_factory=list)
    events: list[Answer] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def event(self, event: Answer) -> None:
        self.events.append(event)


async def new_person(base_url: str) -> ApiClient:
    """Someone who has just signed up and consented."""
    journey = Journey(ApiClient(base_url))
    await sign_up_and_consent(journey, Notes())
    return journey.client


async def request_analysis(person: ApiClient, *shots: Shot) -> str:
    """Upload and ask; the analysis' id."""
    photos = [await person.upload(shot.path, shot.site) for shot in shots]
    payload = await person.mutate(
        "RequestAnalysis",
        photoIds=[photo["id"] for photo in photos],
        survey=SURVEY,
        idempotencyKey=secrets.token_hex(8),
    )
    return str(payload["analysis"]["id"])


async def follow_to_end(person: ApiClient, analysis_id: str) -> list[Answer]:
    return [event async for event in person.follow(analysis_id)]


async def analyse(stack: RunningStack, person: ApiClient, *shots: Shot) -> Answer:
    """Upload, ask, and read the analysis once it has completed."""
    analysis_id = await request_analysis(person, *shots)
    await follow_to_end(person, analysis_id)
    analysis: Answer = await person.query("Analysis", id=analysis_id)
    check_completed(analysis, stack.control)
    return analysis


def example(name: str) -> tuple[Shot, dict[str, str]]:
    """An example photo and the grades that it was drawn with."""
    found = next(one for one in example_photos() if Path(one["file"]).stem == name)
    return Shot(EXAMPLES / found["file"], found["site"]), found["grades"]


@pytest.fixture
async def person(stack: RunningStack) -> ApiClient:
    return await new_person(stack.web_url)
