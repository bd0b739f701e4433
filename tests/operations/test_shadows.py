"""Candidates see what the live heads see, and never stand in the way."""

import asyncio
import random
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dupi.errors import Conflict, InvalidInput, NotFound, Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.operations import shadowing, shadows
from dupi.operations.audit import Act, Actor, ActorKind, AuditEvent
from dupi.operations.auditing import settle_all
from dupi.operations.models import Deployment, Shadow
from dupi.operations.reconciler import reconcile
from dupi.operations.service import (
    ChosenVersion,
    get_live_deployment,
    get_shadow,
    promote,
    shadow_model,
    stop_shadow,
)
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.analyses.doubles import ScriptedClassifier, says
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish

MINA = Actor(kind=ActorKind.PERSON, user_id="user-1")
HEAD, CONDITION = names.HEADS[1], Condition.EXCESS_SEBUM
IMAGE = np.zeros((160, 160, 3), dtype=np.uint8)


@pytest.fixture
async def live(platform: Resources, repository: Path) -> Deployment:
    await reconcile(platform)
    publish(repository, {HEAD: 2})
    return await get_live_deployment()


@pytest.fixture
def classifier() -> ScriptedClassifier:
    """Says what the live versions say; its candidates always say one grade more."""
    said = says({CONDITION: 1})
    heads = {
        condition: replace(one, version="3" if one.model == names.HEADS[0] else "1")
        for condition, one in said.gradings.items()
    }
    return ScriptedClassifier(deque([replace(said, gradings=heads)]))


@pytest.fixture
def worker(platform: Resources, live: Deployment, classifier: ScriptedClassifier) -> Resources:
    return replace(platform, classifier=classifier)


async def begun(platform: Resources, version: int = 2, rate: float = 1.0) -> Shadow:
    return await shadow_model(
        platform, model=HEAD, version=str(version), sample_rate=rate, actor=MINA
    )


async def classify(worker: Resources, times: int) -> None:
    """As the pipeline does."""
    for _ in range(times):
        wanted = worker.shadowing.sample()
        said = await worker.classifier.classify(IMAGE, timeout=1, with_features=bool(wanted))
        worker.shadowing.offer(wanted, said)


async def run(worker: Resources, times: int) -> None:
    """A worker's life with so many photos."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.shadowing.run_until(worker, stop))
    async with asyncio.timeout(5):
        while not worker.shadowing.sample():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await classify(worker, times)
    async with asyncio.timeout(5):
        while worker.shadowing._waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
    stop.set()
    await task


async def test_live_and_candidate_are_compared(
    worker: Resources, server: RememberingServer
) -> None:
    shadow = await begun(worker)
    assert server.versions(HEAD) == {1, 2}
    await run(worker, 5)
    await run(worker, 2)
    found = await get_shadow(shadow_id=shadow.id)
    assert (found.samples, found.agreed) == (7, 0)
    assert found.matrix[1] == [0, 0, 7, 0]
    assert found.mean_shift == pytest.approx([0, -0.88, 0.88, 0], abs=1e-6)


async def test_nothing_is_asked_for_without_a_shadow(
    worker: Resources, classifier: ScriptedClassifier
) -> None:
    assert worker.shadowing.sample() == ()
    await classify(worker, 3)
    assert classifier.grades_asked == 0


async def test_a_part_of_the_photos(worker: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    await begun(worker, rate=0.25)
    rolls = iter([0.9, *(value for _ in range(4) for value in (0.1, 0.3, 0.6, 0.24))])
    monkeypatch.setattr(random, "random", lambda: next(rolls))
    worker.shadowing._active = tuple(await shadows.list_active())
    assert worker.shadowing.sample() == ()
    assert sum(bool(worker.shadowing.sample()) for _ in range(16)) == 8


async def test_a_candidate_that_hangs_costs_samples_and_nothing_else(
    worker: Resources, classifier: ScriptedClassifier
) -> None:
    await begun(worker)
    classifier.candidate_pause_s = 60
    stop = asyncio.Event()
    task = asyncio.create_task(worker.shadowing.run_until(worker, stop))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(30):
        await classify(worker, 200)
    assert len(worker.shadowing._waiting) <= shadowing._MAX_WAITING
    stop.set()
    async with asyncio.timeout(5):
        await task


async def test_a_candidate_that_fails_is_not_counted_as_a_sample(
    worker: Resources, classifier: ScriptedClassifier
) -> None:
    shadow = await begun(worker)
    worker.shadowing._active = tuple(await shadows.list_active())
    await classify(worker, 1)
    classifier.answers = deque([Unavailable("away", reason="classifier")])
    await worker.shadowing._ask(worker, worker.shadowing._waiting.popleft())
    await worker.shadowing.write()
    assert (await get_shadow(shadow_id=shadow.id)).samples == 0


async def test_only_what_the_live_version_said_is_compared(worker: Resources) -> None:
    await begun(worker)
    outdated = [
        shadow.model_copy(update={"live_version": "9"}) for shadow in await shadows.list_active()
    ]
    worker.shadowing._active = tuple(outdated)
    await classify(worker, 3)
    assert not worker.shadowing._waiting


async def test_a_shadow_ends_with_its_live_version_and_stays_readable(
    worker: Resources, repository: Path, live: Deployment
) -> None:
    publish(repository, {HEAD: 3, names.HEADS[2]: 2})
    one, two = await begun(worker, 2), await begun(worker, 3)
    await run(worker, 1)
    other = await promoted(worker, live, names.HEADS[2], 2)
    assert len(await shadows.list_active()) == 2
    await promoted(worker, other, HEAD, 2)
    assert await shadows.list_active() == []
    for shadow in (one, two):
        found = await get_shadow(shadow_id=shadow.id)
        assert found.stopped_at is not None
        assert found.samples == 1


async def promoted(worker: Resources, live: Deployment, model: str, version: int) -> Deployment:
    return await promote(
        worker,
        versions=[ChosenVersion(model, str(version))],
        expected_id=live.id,
        actor=MINA,
    )


async def test_stopping_and_beginning_again(worker: Resources) -> None:
    shadow = await begun(worker)
    assert (await begun(worker, rate=0.5)).id == shadow.id
    stopped = await stop_shadow(worker, shadow_id=shadow.id, actor=MINA)
    assert await stop_shadow(worker, shadow_id=shadow.id, actor=MINA) == stopped
    assert (await begun(worker)).id != shadow.id
    with pytest.raises(NotFound):
        await stop_shadow(worker, shadow_id="nobody", actor=MINA)
    events = await AuditEvent.find({"object_id": shadow.id}).to_list()
    acts = {Act.SHADOW_MODEL, Act.CHANGE_SHADOW, Act.STOP_SHADOW}
    assert {event.act for event in events} == acts


async def test_changing_the_rate_is_on_record(worker: Resources) -> None:
    """Each change, by whom; asking for the rate that it has is none."""
    shadow, ann = await begun(worker, rate=1.0), Actor(kind=ActorKind.PERSON, user_id="user-2")
    for rate in (0.5, 0.5, 0.25):
        found = await shadow_model(worker, model=HEAD, version="2", sample_rate=rate, actor=ann)
        assert (found.id, found.sample_rate) == (shadow.id, rate)
    await settle_all()
    events = await AuditEvent.find({"object_id": shadow.id}).sort("sort_key").to_list()
    assert [event.act for event in events] == [Act.SHADOW_MODEL, *[Act.CHANGE_SHADOW] * 2]
    assert events[0].after["sample_rate"] == 1.0
    assert [(one.before, one.after) for one in events[1:]] == [
        ({"sample_rate": 1.0}, {"sample_rate": 0.5}),
        ({"sample_rate": 0.5}, {"sample_rate": 0.25}),
    ]
    assert {event.actor.user_id for event in events[1:]} == {"user-2"}


async def test_a_change_whose_process_died_is_recorded_later(
    worker: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = await begun(worker)

    async def die(_: str) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(shadows, "settle_shadow", die)
    with pytest.raises(RuntimeError, match="killed"):
        await begun(worker, rate=0.5)
    await settle_all()
    acts = [one.act for one in await AuditEvent.find({"object_id": shadow.id}).to_list()]
    assert sorted(acts) == [Act.CHANGE_SHADOW, Act.SHADOW_MODEL]


async def test_what_cannot_be_a_shadow(
    worker: Resources, repository: Path, server: RememberingServer, live: Deployment
) -> None:
    publish(repository, {HEAD: 7}, trunk=2)
    publish(repository, {HEAD: 8})
    server.broken.add((HEAD, 8))
    for model, version, rate, error in [
        (names.TRUNK, 1, 1.0, InvalidInput),
        (names.DOMAIN_HEAD, 1, 1.0, InvalidInput),
        (HEAD, 2, 0.0, InvalidInput),
        (HEAD, 2, 1.1, InvalidInput),
        (HEAD, 2, float("nan"), InvalidInput),
        (HEAD, 99, 1.0, NotFound),
        (HEAD, 1, 1.0, Conflict),
        (HEAD, 7, 1.0, Conflict),
        (HEAD, 8, 1.0, Conflict),
    ]:
        with pytest.raises(error):
            await shadow_model(
                worker, model=model, version=str(version), sample_rate=rate, actor=MINA
            )
    assert await shadows.list_active() == []
    assert server.versions(HEAD) == {1}
    server.away = True
    with pytest.raises(Unavailable):
        await begun(worker)
