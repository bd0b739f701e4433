"""Deployments: which model versions are live. Append-only; the store is the truth.

``PREPARING`` → ``LIVE`` → ``RETIRED``, or ``PREPARING`` → ``FAILED``. The live one is the one with
the highest number in state ``LIVE``: going live is one write, and what it replaces is retired by a
second one, so there is always one, whenever a process dies. ``slot`` is unique, and names what a
deployment took over from: of two that were prepared for the same place one gets it.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument
from dupi.ids import new_id
from dupi.knowledge.vocabulary import Severity
from dupi.operations.audit import PLATFORM, Actor
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
    """A set of versions that goes live, or went, as one. ``number`` counts from 1, unique.

    ``prepared_until_ms``: who prepares it says so again before then; else it is given up.
    ``failure`` is for operators: no paths, no addresses.
    """

    number: int
    state: DeploymentState
    models: list[DeployedModel]
    input_size: int
    advisor: DeployedAdvisor
    previous_id: str | None = None
    rolled_back_from_id: str | None = None
    note: str | None = None
    failure: str | None = None
    actor: Actor = PLATFORM
    created_at: UtcDatetime = Field(default_factory=utc_now)
    live_at: UtcDatetime | None = None
    retired_at_ms: int = 0
    prepared_until_ms: int = 0
    slot: str = Field(default_factory=new_id)
    is_audit_owed: bool = False
    sort_key: str

    class Settings:
        name = "deployments"
        indexes: ClassVar = [
            IndexModel([("number", ASCENDING)], name="number", unique=True),
            IndexModel([("slot", ASCENDING)], name="slot", unique=True),
            IndexModel([("sort_key", DESCENDING)], name="newest"),
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

    @property
    def is_adoption(self) -> bool:
        """Whether it only says that the advisor's server answers with another version by now:
        nobody asked for it. (The first one is the platform's own, too, and replaces nothing.)"""
        return self.actor == PLATFORM and self.previous_id is not None

    @property
    def created_by(self) -> str | None:
        """The person who asked for it; a command or the platform itself is none."""
        return self.actor.user_id


class RateChange(BaseModel):
    """That a shadow sees another part of the photos from ``at`` on."""

    model_config = ConfigDict(frozen=True)

    before: float
    after: float
    actor: Actor
    at: UtcDatetime


class Shadow(StoredDocument):
    """A candidate head beside a live one, and how far they agree.

    Ends when either version goes. ``counts``: photos by live and candidate grade, under ``l_c``;
    ``shift_sums``: by grade, the sum of candidate minus live probability. ``slot`` is unique: one
    shadow of a version at a time.
    """

    model: str
    version: str
    live_version: str
    trunk_version: str
    sample_rate: float
    rate_changes: list[RateChange] = Field(default_factory=list)
    actor: Actor
    started_at: UtcDatetime = Field(default_factory=utc_now)
    is_active: bool = True
    stopped_at: UtcDatetime | None = None
    stopped_by: Actor | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    shift_sums: dict[str, float] = Field(default_factory=dict)
    slot: str
    is_audit_owed: bool = True
    sort_key: str

    class Settings:
        name = "shadows"
        indexes: ClassVar = [
            IndexModel([("slot", ASCENDING)], name="slot", unique=True),
            IndexModel([("is_active", ASCENDING)], name="active"),
            IndexModel([("model", ASCENDING), ("sort_key", DESCENDING)], name="model_newest"),
        ]

    @property
    def matrix(self) -> list[list[int]]:
        """Photos by live grade (rows) and candidate grade (columns)."""
        grades = range(len(Severity))
        return [[self.counts.get(f"{live}_{said}", 0) for said in grades] for live in grades]

    @property
    def samples(self) -> int:
        return sum(self.counts.values())

    @property
    def agreed(self) -> int:
        return sum(row[grade] for grade, row in enumerate(self.matrix))

    @property
    def mean_shift(self) -> list[float]:
        """By grade: how much likelier the candidate finds it, on the mean."""
        sums = [self.shift_sums.get(str(int(grade)), 0.0) for grade in Severity]
        return [total / self.samples if self.samples else 0.0 for total in sums]
