"""Deployments: which model versions are live. Append-only; the store is the truth."""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, IndexModel

from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument
from dupi.vision.contract import DOMAIN_HEAD


class DeploymentState(StrEnum):
    PREPARING = "PREPARING"
    LIVE = "LIVE"
    RETIRED = "RETIRED"
    FAILED = "FAILED"


class DeployedModel(BaseModel):
    """One model of the ensemble; ``abstain_below`` is absent for the trunk."""

    model_config = ConfigDict(frozen=True)

    model: str
    version: str
    trunk_version: str | None
    abstain_below: float | None


class DeployedAdvisor(BaseModel):
    """``endpoint`` is an OpenAI-compatible base url; absent: the one of the settings."""

    model_config = ConfigDict(frozen=True)

    model: str
    version: str | None
    endpoint: str | None


class Deployment(StoredDocument):
    """A set of versions that goes live, or went, as one. ``number`` counts from 1, unique."""

    number: int
    state: DeploymentState
    models: list[DeployedModel]
    input_size: int
    advisor: DeployedAdvisor
    previous_id: str | None = None
    rolled_back_from_id: str | None = None
    note: str | None = None
    failure: str | None = None
    created_by: str | None = None
    created_at: UtcDatetime = Field(default_factory=utc_now)
    live_at: UtcDatetime | None = None
    sort_key: str

    class Settings:
        name = "deployments"
        indexes: ClassVar = [
            IndexModel([("number", ASCENDING)], name="number", unique=True),
        ]

    @property
    def versions(self) -> dict[str, int]:
        """Version of every model of the ensemble, as ``ensemble_config`` takes them."""
        return {deployed.model: int(deployed.version) for deployed in self.models}

    def abstain_below(self, model: str) -> float:
        """Confidence below which a finding of ``model`` abstains."""
        return next((m.abstain_below or 0.0 for m in self.models if m.model == model), 0.0)

    @property
    def in_domain_from(self) -> float:
        """In-domain score below which a photo is no scalp."""
        return self.abstain_below(DOMAIN_HEAD)
