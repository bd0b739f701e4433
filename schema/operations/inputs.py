"""Inputs about models and deployments."""

import strawberry

from dupi.operations.service import ChosenVersion


@strawberry.input
class ShadowModelInput:
    """``sampleRate``: the part of photos that the candidate sees, above 0 and at most 1."""

    model: str
    version: str
    sample_rate: float = 1


@strawberry.input
class StopShadowInput:
    shadow_id: strawberry.ID


@strawberry.input
class ModelVersionInput:
    model: str
    version: str

    def to_domain(self) -> ChosenVersion:
        return ChosenVersion(self.model, self.version)


@strawberry.input
class PromoteModelInput:
    """All versions go live at once (a trunk with its heads); what is not named stays."""

    versions: list[ModelVersionInput]
    expected_deployment_id: strawberry.ID
    note: str | None = strawberry.UNSET


@strawberry.input
class RollBackDeploymentInput:
    """``toDeploymentId``: by default the one before."""

    expected_deployment_id: strawberry.ID
    to_deployment_id: strawberry.ID | None = strawberry.UNSET
    note: str | None = strawberry.UNSET
