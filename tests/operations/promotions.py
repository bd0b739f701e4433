"""Promoting and rolling back in tests."""

from collections.abc import Sequence
from typing import Any

from dupi.advice.prompts import advice_messages
from dupi.knowledge.rules import make_plan
from dupi.operations.advisor_trials import TRIALS
from dupi.operations.audit import Actor, ActorKind
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.service import ChosenVersion, promote, roll_back
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.analyses.running import a_good_reply
from tests.support.advisor_server import Script

MINA = Actor(kind=ActorKind.PERSON, user_id="user-1", request_id="request-1")
HEAD, OTHER = names.HEADS[0], names.HEADS[1]
GOOD = {
    advice_messages(case, make_plan(case))[-1]["content"]: a_good_reply(case) for case in TRIALS
}
TRIED = Script([], by_prompt=GOOD)
"""What an advisor says that passes its trial."""


async def promoted(
    platform: Resources, expected: Deployment, *chosen: tuple[str, int], **more: Any
) -> Deployment:
    versions = [ChosenVersion(model, str(version)) for model, version in chosen]
    return await promote(platform, versions=versions, expected_id=expected.id, actor=MINA, **more)


async def rolled_back(platform: Resources, expected: Deployment, **more: Any) -> Deployment:
    return await roll_back(platform, expected_id=expected.id, actor=MINA, **more)


async def live_ones() -> Sequence[Deployment]:
    return await Deployment.find({"state": DeploymentState.LIVE.value}).to_list()
