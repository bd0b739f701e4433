"""At least 5,000 classifications by the real ensemble, and 20 promotions and roll-backs meanwhile:
of heads, and once of a trunk of another input size with its heads.

A store and two Tritons of its own, the second of which is away at first; the platform's services
promote, its reconciler keeps watch, and its pipeline's way of asking at the live size is used. In
the end the second server comes, the first is killed under load, and comes back.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from dupi.adapters.triton import Classification, RequestRefused
from dupi.errors import Conflict, Unavailable
from dupi.operations.audit import Actor, ActorKind, AuditEvent
from dupi.operations.live_size import at_live_size
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.readiness import readiness
from dupi.operations.service import (
    ChosenVersion,
    get_live_deployment,
    get_shadow,
    promote,
    roll_back,
    shadow_model,
    stop_shadow,
)
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.promotions.load import Change, Log, running_load, until_answers
from tests.promotions.report import PromotionsReport, sum_up
from tests.promotions.rig import BROKEN, CANDIDATE, HEADS, TRUNK, Rig, publish_all_candidates, rig
from tests.support.models import copied_repository

_ACTOR: Final = Actor(kind=ActorKind.COMMAND_LINE, name="soak")
_PHOTO: Final = np.random.default_rng(3).integers(0, 256, (256, 256, 3), dtype=np.uint8)

Say = Callable[[str], None]


async def run(
    seed: int, *, state: Path, say: Say, classifications: int = 5_000, promotions: int = 20
) -> PromotionsReport:
    """There is a report in every case: what broke the run is a problem in it."""
    report, log = PromotionsReport(seed), Log()
    repository = await asyncio.to_thread(copied_repository, state / "models")
    say("starting Triton, and the first deployment")
    try:
        async with rig(state, repository) as platform:
            await _until_classifying(platform)
            say("publishing candidates")
            await asyncio.to_thread(publish_all_candidates, repository)
            await _carry_out(platform, report, log, say, classifications, promotions)
    except Exception as trouble:
        report.problems.append(f"the run broke off: {trouble!r}")
    sum_up(report, log)
    return report


async def _until_classifying(platform: Rig) -> None:
    async with asyncio.timeout(300):
        while True:
            with suppress(Unavailable, RequestRefused):
                await classify(platform.resources)
                return
            await asyncio.sleep(0.5)


async def _carry_out(  # noqa: PLR0913, PLR0917
    platform: Rig,
    report: PromotionsReport,
    log: Log,
    say: Say,
    classifications: int,
    promotions: int,
) -> None:
    resources, dice = platform.resources, random.Random(report.seed)  # noqa: S311 repeatable
    first = await get_live_deployment()
    log.changes.append(Change(0, 0, first.versions))
    async with running_load(log, lambda: classify(resources), at_once=4):
        await _change(resources, log, {HEADS[0]: CANDIDATE})
        await _refuse_broken(resources, report)
        say("a candidate is live, a broken one refused; now the trunk with its heads")
        await _change(resources, log, dict.fromkeys(names.COMPONENTS, TRUNK))
        await until_answers(log, (await get_live_deployment()).versions, 50, within_s=120)
        await _back(resources, log)
        report.trunk_promotions = 1
        say("and back; now head by head")
        while len(log.changes) <= promotions or len(log.answers) < classifications:
            await _step(resources, log, dice)
            await asyncio.sleep(dice.uniform(0, 1.5))
            if len(log.changes) % 10 == 0:
                say(f"{len(log.changes) - 1} promotions, {len(log.answers)} classifications")
        await _shadow(resources, report, log)
        report.problems += await _what_is_wrong_in_the_store()
        say("the second Triton is started; then the first is killed")
        await _outlive_a_server(platform, report)


async def classify(resources: Resources) -> Classification:
    """As the pipeline does: at the live size, with features where a shadow wants them."""

    async def ask(side: int) -> Classification:
        shadows = resources.shadowing.sample()
        image = np.ascontiguousarray(_PHOTO[:side, :side])
        said = await resources.classifier.classify(image, timeout=30, with_features=bool(shadows))
        resources.shadowing.offer(shadows, said)
        return said

    return await at_live_size(resources, ask)


async def _step(resources: Resources, log: Log, dice: random.Random) -> None:
    """Promote a head to another version, or roll back; now and then two people do so at once."""
    live = await get_live_deployment()
    head = dice.choice(HEADS)
    others = {CANDIDATE, log.changes[0].versions[head]} - {live.versions[head]}
    if dice.random() < 0.3:
        await _back(resources, log)
    elif dice.random() < 0.3:
        await asyncio.gather(
            _change(resources, log, {head: others.pop()}),
            _change(resources, log, {head: CANDIDATE}),
        )
    else:
        await _change(resources, log, {head: others.pop()})


async def _refuse_broken(resources: Resources, report: PromotionsReport) -> None:
    """What Triton cannot load fails, and the live versions serve on."""
    live, chosen = await get_live_deployment(), [ChosenVersion(HEADS[1], str(BROKEN))]
    failed = await promote(resources, versions=chosen, expected_id=live.id, actor=_ACTOR)
    if failed.state is not DeploymentState.FAILED or (await get_live_deployment()).id != live.id:
        report.problems.append(f"a broken version became {failed.state}")
    report.broken_version = failed.failure or ""


async def _change(resources: Resources, log: Log, versions: Mapping[str, int]) -> None:
    live, asked = await get_live_deployment(), time.monotonic()
    chosen = [ChosenVersion(model, str(version)) for model, version in versions.items()]
    with suppress(Conflict):  # somebody else was faster
        done = await promote(resources, versions=chosen, expected_id=live.id, actor=_ACTOR)
        _note(log, live, done, asked)


async def _back(resources: Resources, log: Log) -> None:
    live, asked = await get_live_deployment(), time.monotonic()
    with suppress(Conflict):
        done = await roll_back(resources, expected_id=live.id, actor=_ACTOR)
        _note(log, live, done, asked)


def _note(log: Log, before: Deployment, done: Deployment, asked: float) -> None:
    if done.id == before.id:
        return
    if done.state is not DeploymentState.LIVE and done.state is not DeploymentState.RETIRED:
        log.failures.append(f"deployment {done.number}: {done.state}: {done.failure}")
        return
    log.changes.append(Change(asked, time.monotonic(), done.versions))


async def _shadow(resources: Resources, report: PromotionsReport, log: Log) -> None:
    """The candidate of a head that is not live sees what the live one sees, for some seconds."""
    live = await get_live_deployment()
    if live.versions[HEADS[0]] == CANDIDATE:
        await _change(resources, log, {HEADS[0]: log.changes[0].versions[HEADS[0]]})
    shadow = await shadow_model(
        resources, model=HEADS[0], version=str(CANDIDATE), sample_rate=1.0, actor=_ACTOR
    )
    await asyncio.sleep(8)
    await stop_shadow(resources, shadow_id=shadow.id, actor=_ACTOR)
    await asyncio.sleep(3)
    report.shadowed = (await get_shadow(shadow_id=shadow.id)).samples
    if not report.shadowed:
        report.problems.append("the shadow saw nothing")


async def _what_is_wrong_in_the_store() -> list[str]:
    problems = []
    live = await Deployment.find({"state": DeploymentState.LIVE.value}).to_list()
    if len(live) != 1:
        problems.append(f"{len(live)} deployments are live")
    ended = await Deployment.find({"number": {"$gt": 1}}).to_list()
    for one in ended:
        records = await AuditEvent.find({"object_id": one.id}).count()
        if records != 1:
            problems.append(f"deployment {one.number} has {records} audit records")
    return problems


async def _outlive_a_server(platform: Rig, report: PromotionsReport) -> None:
    """Each server is brought to the deployment when it comes, and the other serves meanwhile."""
    await platform.second.start()
    report.second_server_seconds = await _until_ready(platform.resources, "classifiers-2")
    await platform.first.kill()
    await asyncio.sleep(5)
    await platform.first.start()
    report.restarted_server_seconds = await _until_ready(platform.resources, "classifiers-1")


async def _until_ready(resources: Resources, part: str) -> float:
    """Seconds until readiness says so of this server."""
    started = time.monotonic()
    async with asyncio.timeout(300):
        while True:
            found = {one.name: one.is_ready for one in await readiness(resources)}
            if found[part]:
                return round(time.monotonic() - started, 1)
            await asyncio.sleep(0.5)
