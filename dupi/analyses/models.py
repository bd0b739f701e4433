"""Photos and analyses, as the store keeps them.

An analysis document is both the truth and the queue: workers claim it, work on it and write every
result and its numbered event in one fenced update (see ``queue.py``). States:

    QUEUED → CLASSIFYING → ADVISING → COMPLETED | FAILED | CANCELLED

``attempt`` is the fence: every claim raises it, and a write naming an older one changes nothing.
``lease_expires_at_ms`` is when others may claim. ``events`` is keyed by the sequence number (as
text, from "1", without a gap): plain ``$set`` of one key, which every store does right.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from dupi.analyses.indexes import ANALYSIS_INDEXES, PHOTO_INDEXES
from dupi.clock import UtcDatetime, utc_now
from dupi.documents import StoredDocument, plain
from dupi.knowledge.plan import Plan
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AdviceSectionKind,
    AgeBand,
    Condition,
    Gender,
    ScalpSite,
    Severity,
)
from dupi.pictures import Keeping, StoredPicture


class AnalysisStatus(StrEnum):
    QUEUED = "QUEUED"
    CLASSIFYING = "CLASSIFYING"
    ADVISING = "ADVISING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


UNFINISHED = (AnalysisStatus.QUEUED, AnalysisStatus.CLASSIFYING, AnalysisStatus.ADVISING)
MAX_EVENTS = 256


class AnalysisFailureCode(StrEnum):
    CLASSIFIER_UNAVAILABLE = "CLASSIFIER_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    PHOTO_UNREADABLE = "PHOTO_UNREADABLE"
    INTERNAL = "INTERNAL"


class AdviceSource(StrEnum):
    MODEL = "MODEL"
    RULES = "RULES"


class AbstentionReason(StrEnum):
    UNCERTAIN = "UNCERTAIN"
    NOT_A_SCALP = "NOT_A_SCALP"


class Record(BaseModel):
    """Base of what is embedded in a document."""

    model_config = ConfigDict(frozen=True)


class FindingRecord(Record):
    """One condition, of one photo or overall; ``severity`` is absent where it abstained.

    ``probabilities`` are calibrated, in the order of ``Severity``; ``confidence`` is the greatest.
    ``site`` and ``photo_id`` are those of the photo it was read from (overall: the deciding one).
    ``attention_key`` is the storage key of a PNG with alpha of that photo's size.
    """

    condition: Condition
    probabilities: tuple[float, ...]
    confidence: float
    severity: Severity | None
    abstained: bool
    abstention_reason: AbstentionReason | None
    model: str
    model_version: str
    photo_id: str
    site: ScalpSite
    attention_key: str | None


class PhotoFindingsRecord(Record):
    photo_id: str
    site: ScalpSite
    in_domain_score: float
    findings: tuple[FindingRecord, ...]


class AdviceSectionRecord(Record):
    kind: AdviceSectionKind
    title: str
    text: str


class AdviceRecord(Record):
    """``text`` is the deltas since the last restart, joined; ``model`` is absent for RULES."""

    source: AdviceSource
    sections: tuple[AdviceSectionRecord, ...]
    text: str
    model: str | None
    model_version: str | None


class FailureRecord(Record):
    code: AnalysisFailureCode
    retryable: bool


class Person(Record):
    """What the rules need to know of the owner, as it was at the time of asking."""

    age_band: AgeBand
    gender: Gender | None


class EventRecord(Record):
    """``sequence`` is given when the event is written; 0 before that."""

    sequence: int = 0
    at: UtcDatetime = Field(default_factory=utc_now)


class StatusChanged(EventRecord):
    kind: Literal["STATUS_CHANGED"] = "STATUS_CHANGED"
    status: AnalysisStatus
    progress: float


class FindingsReady(EventRecord):
    """The findings lie in the analysis: they are written once, with this event. So is the plan."""

    kind: Literal["FINDINGS_READY"] = "FINDINGS_READY"


class PlanReady(EventRecord):
    kind: Literal["PLAN_READY"] = "PLAN_READY"


class AdviceDelta(EventRecord):
    kind: Literal["ADVICE_DELTA"] = "ADVICE_DELTA"
    section: AdviceSectionKind
    text: str


class AdviceRestarted(EventRecord):
    """Drop the deltas so far; those that follow come from ``source``."""

    kind: Literal["ADVICE_RESTARTED"] = "ADVICE_RESTARTED"
    source: AdviceSource


class Finished(EventRecord):
    kind: Literal["FINISHED"] = "FINISHED"


AnyEvent = Annotated[
    StatusChanged | FindingsReady | PlanReady | AdviceDelta | AdviceRestarted | Finished,
    Field(discriminator="kind"),
]


class Photo(StoredPicture):
    """One stored image of one site."""

    site: ScalpSite
    quality: float

    class Settings:
        name = "photos"
        indexes: ClassVar = PHOTO_INDEXES


class Analysis(StoredDocument):
    """One to four photos and one survey, and everything that was found and said about them."""

    owner_id: str
    status: AnalysisStatus = AnalysisStatus.QUEUED
    progress: float = 0.0
    photo_ids: list[str]
    sites: list[ScalpSite]
    survey: SurveyAnswers
    person: Person
    findings: tuple[FindingRecord, ...] = ()
    photo_findings: tuple[PhotoFindingsRecord, ...] = ()
    plan: Plan | None = None
    advice: AdviceRecord | None = None
    failure: FailureRecord | None = None
    deployment_id: str | None = None
    attempt: int = 0
    claims: int = 0
    lease_expires_at_ms: int = 0
    deadline_at_ms: int
    events: dict[str, AnyEvent] = Field(default_factory=dict)
    next_sequence: int = 1
    request_id: str | None = None
    keeping: Keeping = Keeping.KEPT
    created_at: UtcDatetime = Field(default_factory=utc_now)
    completed_at: UtcDatetime | None = None
    sort_key: str

    class Settings:
        name = "analyses"
        bson_encoders: ClassVar = {SurveyAnswers: plain, Plan: plain}
        indexes: ClassVar = ANALYSIS_INDEXES

    @property
    def is_finished(self) -> bool:
        return self.status not in UNFINISHED

    def events_after(self, sequence: int) -> list[AnyEvent]:
        """Events with a greater number, in order. Empty on a document read without events."""
        return [
            self.events[str(number)]
            for number in range(sequence + 1, self.next_sequence)
            if str(number) in self.events
        ]
