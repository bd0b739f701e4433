"""Payloads and result unions of the mutations on models and deployments."""

from typing import Annotated, TypeAlias

import strawberry

from schema.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from schema.operations.types import Deployment, Shadow


@strawberry.type
class ShadowModelPayload:
    shadow: Shadow


@strawberry.type
class StopShadowPayload:
    """What it came to stays."""

    shadow: Shadow


@strawberry.type
class PromoteModelPayload:
    """Live; ``PREPARING`` where loading takes long (ask for it again); or ``FAILED``, with what
    was live before still serving."""

    deployment: Deployment


@strawberry.type
class RollBackDeploymentPayload:
    """As of a promotion."""

    deployment: Deployment


ShadowModelResult: TypeAlias = Annotated[
    ShadowModelPayload
    | InvalidInputError
    | UnauthenticatedError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("ShadowModelResult"),
]
StopShadowResult: TypeAlias = Annotated[
    StopShadowPayload | UnauthenticatedError | ForbiddenError | NotFoundError | UnavailableError,
    strawberry.union("StopShadowResult"),
]
PromoteModelResult: TypeAlias = Annotated[
    PromoteModelPayload
    | InvalidInputError
    | UnauthenticatedError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("PromoteModelResult"),
]
RollBackDeploymentResult: TypeAlias = Annotated[
    RollBackDeploymentPayload
    | InvalidInputError
    | UnauthenticatedError
    | ForbiddenError
    | NotFoundError
    | ConflictError
    | UnavailableError,
    strawberry.union("RollBackDeploymentResult"),
]
