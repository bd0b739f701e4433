"""Models, their versions, shadows and deployments, as operators see them."""

from datetime import datetime
from typing import Self

import strawberry

from dupi.knowledge.vocabulary import Condition
from dupi.operations import listing, models
from dupi.operations.listing import ModelKind, ModelVersionState
from dupi.operations.models import DeploymentState
from schema.accounts.authors import Author, load_author
from schema.context import Info
from schema.relay import Node, global_id


@strawberry.type
class ShadowAgreement:
    """``matrix``: rows live, columns candidate, in the order of Severity, as
    ``meanProbabilityShift`` (candidate minus live)."""

    samples: int
    agreed: int
    matrix: list[list[int]]
    mean_probability_shift: list[float]

    @classmethod
    def from_model(cls, shadow: models.Shadow) -> Self:
        return cls(
            samples=shadow.samples,
            agreed=shadow.agreed,
            matrix=shadow.matrix,
            mean_probability_shift=shadow.mean_shift,
        )


@strawberry.type
class Shadow(Node):
    """One candidate against one live version; ends when either goes."""

    model: str
    version: str
    live_version: str
    sample_rate: float
    started_at: datetime
    stopped_at: datetime | None
    agreement: ShadowAgreement

    @classmethod
    def from_model(cls, shadow: models.Shadow) -> Self:
        return cls(
            id=global_id("Shadow", shadow.id),
            model=shadow.model,
            version=shadow.version,
            live_version=shadow.live_version,
            sample_rate=shadow.sample_rate,
            started_at=shadow.started_at,
            stopped_at=shadow.stopped_at,
            agreement=ShadowAgreement.from_model(shadow),
        )


@strawberry.type
class ModelVersion:
    """``trunkVersion``: the trunk that a head was trained on."""

    version: str
    state: ModelVersionState
    trunk_version: str | None
    published_at: datetime
    trained_on: str
    failure: str | None

    @classmethod
    def from_listed(cls, listed: listing.ListedVersion) -> Self:
        return cls(
            version=listed.version,
            state=listed.state,
            trunk_version=listed.trunk_version,
            published_at=listed.published_at,
            trained_on=listed.trained_on,
            failure=listed.failure,
        )


@strawberry.type
class ServedModel:
    """``condition``: what a head grades. Versions and shadows newest first."""

    name: str
    kind: ModelKind
    condition: Condition | None
    live_version: str | None
    versions: list[ModelVersion]
    shadows: list[Shadow]

    @classmethod
    def from_listed(cls, listed: listing.ListedModel) -> Self:
        return cls(
            name=listed.name,
            kind=listed.kind,
            condition=listed.condition,
            live_version=listed.live_version,
            versions=[ModelVersion.from_listed(version) for version in listed.versions],
            shadows=[Shadow.from_model(shadow) for shadow in listed.shadows],
        )


@strawberry.type
class DeployedVersion:
    model: str
    version: str
    trunk_version: str | None

    @classmethod
    def from_model(cls, deployed: models.DeployedModel) -> Self:
        return cls(
            model=deployed.model, version=deployed.version, trunk_version=deployed.trunk_version
        )

    @classmethod
    def of_advisor(cls, advisor: models.DeployedAdvisor) -> list[Self]:
        """None until its server has said which one it is."""
        if advisor.version is None:
            return []
        return [cls(model=advisor.model, version=advisor.version, trunk_version=None)]


@strawberry.type
class Deployment(Node):
    """Append-only: rolling back makes a new one. ``failure``: why it never went live."""

    creator_id: strawberry.Private[str | None]
    number: int
    state: DeploymentState
    versions: list[DeployedVersion]
    previous_id: strawberry.ID | None
    rolled_back_from_id: strawberry.ID | None
    note: str | None
    failure: str | None
    created_at: datetime
    live_at: datetime | None

    @classmethod
    def from_model(cls, deployment: models.Deployment) -> Self:
        return cls(
            id=global_id("Deployment", deployment.id),
            creator_id=deployment.created_by,
            number=deployment.number,
            state=deployment.state,
            versions=[
                *(DeployedVersion.from_model(deployed) for deployed in deployment.models),
                *DeployedVersion.of_advisor(deployment.advisor),
            ],
            previous_id=_deployment_id(deployment.previous_id),
            rolled_back_from_id=_deployment_id(deployment.rolled_back_from_id),
            note=deployment.note,
            failure=deployment.failure,
            created_at=deployment.created_at,
            live_at=deployment.live_at,
        )

    @strawberry.field
    async def created_by(self, info: Info) -> Author | None:
        """Null for the command line, for the platform itself, and for who has left."""
        return await load_author(info.context, self.creator_id)


def _deployment_id(record_id: str | None) -> strawberry.ID | None:
    return None if record_id is None else global_id("Deployment", record_id)
