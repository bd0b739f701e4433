"""Promoting and rolling back in tests."""

from collections.abc import Sequence
from typing import Any

from dupi.operations.audit import Actor, ActorKind
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.service import ChosenVersion, promote, roll_back
from dupi.resources import Resources
from dupi.vision import contract as names

MINA = Actor(kind=ActorKind.PERSON, user_id="user-1", request_id="request-1")
HEAD, OTHER = names.HEADS[0], names.HEADS[1]


async def promoted(
    platform: Resources, expected: Deployment, *chosen: tuple[str, int], **more: Any
) -> Deployment:
    versions = [ChosenVersion(model, str(version)) for model, version in chosen]
    return await promote(platform, versions=versions, expected_id=expected.id, actor=MINA, **more)


async def rolled_back(platform: Resources, expected: Deployment, **more: Any) -> Deployment:
    return await roll_back(platform, expected_id=expected.id, actor=MINA, **more)


async def live_ones() -> Sequence[Deployment]:
    return await Deployment.find({"state": DeploymentState.LIVE.value}).to_list()
