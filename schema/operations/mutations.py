"""Shadowing, promoting and rolling back. Each authorises, calls one service, maps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import strawberry

from dupi.errors import Conflict
from dupi.operations import service as operations
from schema.context import Context, Info
from schema.operations.inputs import (
    PromoteModelInput,
    RollBackDeploymentInput,
    ShadowModelInput,
    StopShadowInput,
)
from schema.operations.results import (
    PromoteModelPayload,
    PromoteModelResult,
    RollBackDeploymentPayload,
    RollBackDeploymentResult,
    ShadowModelPayload,
    ShadowModelResult,
    StopShadowPayload,
    StopShadowResult,
)
from schema.operations.types import Deployment, Shadow
from schema.relay import given, global_id, record_id

_SHARE_OF_REQUEST: Final = 0.7
"""Of a request's time for loading models; after that the answer says PREPARING."""


@strawberry.type
class OperationMutations:
    @strawberry.mutation
    async def shadow_model(self, info: Info, input: ShadowModelInput) -> ShadowModelResult:
        """Let a candidate head see what the live one sees. Role OPERATOR."""
        actor = info.context.actor
        with _told_by_global_id():
            shadow = await operations.shadow_model(
                info.context.resources,
                model=input.model,
                version=input.version,
                sample_rate=input.sample_rate,
                actor=actor,
                patience_s=_patience(info.context),
            )
        return ShadowModelPayload(shadow=Shadow.from_model(shadow))

    @strawberry.mutation
    async def stop_shadow(self, info: Info, input: StopShadowInput) -> StopShadowResult:
        """Role OPERATOR. Stopping one that has ended changes nothing."""
        actor = info.context.actor
        shadow = await operations.stop_shadow(
            info.context.resources, shadow_id=record_id("Shadow", input.shadow_id), actor=actor
        )
        return StopShadowPayload(shadow=Shadow.from_model(shadow))

    @strawberry.mutation
    async def promote_model(self, info: Info, input: PromoteModelInput) -> PromoteModelResult:
        """CONFLICT unless ``expectedDeploymentId`` is live; where just these versions are live
        already, that deployment is the answer. Role OPERATOR."""
        actor = info.context.actor
        with _told_by_global_id():
            deployment = await operations.promote(
                info.context.resources,
                versions=[version.to_domain() for version in input.versions],
                expected_id=record_id("Deployment", input.expected_deployment_id),
                actor=actor,
                note=given(input.note),
                patience_s=_patience(info.context),
            )
        return PromoteModelPayload(deployment=Deployment.from_model(deployment))

    @strawberry.mutation
    async def roll_back_deployment(
        self, info: Info, input: RollBackDeploymentInput
    ) -> RollBackDeploymentResult:
        """CONFLICT unless ``expectedDeploymentId`` is live. Role OPERATOR."""
        actor, to_id = info.context.actor, given(input.to_deployment_id)
        with _told_by_global_id():
            deployment = await operations.roll_back(
                info.context.resources,
                expected_id=record_id("Deployment", input.expected_deployment_id),
                to_id=None if to_id is None else record_id("Deployment", to_id),
                actor=actor,
                note=given(input.note),
                patience_s=_patience(info.context),
            )
        return RollBackDeploymentPayload(deployment=Deployment.from_model(deployment))


def _patience(context: Context) -> float:
    return context.resources.settings.api.request_timeout_seconds * _SHARE_OF_REQUEST


@contextmanager
def _told_by_global_id() -> Iterator[None]:
    """What stands instead is a deployment, here."""
    try:
        yield
    except Conflict as conflict:
        if conflict.current_id is not None:
            conflict.current_id = global_id("Deployment", conflict.current_id)
        raise
