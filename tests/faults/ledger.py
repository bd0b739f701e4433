"""What people were told. All of it must still hold after every kill."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Answer = dict[str, Any]


class Stage(StrEnum):
    """How far an analysis has come, as its owner knows it; uploading comes before there is one."""

    UPLOADING = "uploading"
    QUEUED = "queued"
    CLASSIFYING = "classifying"
    ADVISING = "advising"
    FINISHING = "finishing"
    ENDED = "ended"


class Deletion(StrEnum):
    NO = "no"
    ASKED = "asked"
    DONE = "done"


_LAST_SECTIONS: Final = ("ROUTINE", "CAUTION", "REFERRAL")
_UNTIMED: Final = ("attentionMapUrl",)
_FRESH_SECONDS: Final = 0.25
"""A stage that was heard of so lately counts as met, though the next one was heard of already."""


@dataclass
class KnownPhoto:
    """A photo that the API said is stored. ``owner``: the store's id of the person; ``key``: of
    the request."""

    id: str
    owner: str
    key: str
    deletion: Deletion = Deletion.NO


@dataclass
class KnownAnalysis:
    """An analysis that the API said is accepted, and every event its owner received of it."""

    id: str
    owner: str
    key: str
    photo_ids: tuple[str, ...]
    begun_at: float = field(default_factory=time.monotonic)
    stage: Stage = Stage.QUEUED
    events: list[Answer] = field(default_factory=list)
    deletion: Deletion = Deletion.NO
    is_cancelled: bool = False
    retries: int = 0
    longest_seconds: float = 0.0

    @property
    def last_sequence(self) -> int:
        return int(self.events[-1]["sequence"]) if self.events else 0

    @property
    def is_over(self) -> bool:
        return self.stage is Stage.ENDED or self.deletion is Deletion.DONE

    @property
    def failure(self) -> Answer | None:
        """Why it failed, where the last that was heard is that it did."""
        last = self.events[-1] if self.events else {}
        return (last.get("analysis") or {}).get("failure")

    def hear(self, event: Answer) -> None:
        """Take in an event as it came."""
        self.events.append(event)
        self.stage = _stage_after(event, self.stage)
        if self.stage is Stage.ENDED:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - self.begun_at)

    def begin_again(self) -> None:
        """It was accepted once more, after it had failed."""
        self.retries += 1
        self.stage, self.begun_at = Stage.QUEUED, time.monotonic()


def _stage_after(event: Answer, stage: Stage) -> Stage:
    match event["__typename"]:
        case "AnalysisStatusChanged":
            return Stage[event["status"]]
        case "AnalysisFinished":
            return Stage.ENDED
        case "AnalysisAdviceRestarted":
            return Stage.ADVISING
        case "AnalysisAdviceDelta" if event["section"] in _LAST_SECTIONS:
            return Stage.FINISHING
        case _:
            return stage


def content(event: Answer) -> Answer:
    """What an event said, without what may differ when it is read again: signed urls, and how the
    analysis stands by now."""
    kept: Answer = _without_urls({k: v for k, v in event.items() if k != "analysis"})
    return kept


def _without_urls(value: Any) -> Any:
    match value:
        case dict():
            return {k: _without_urls(v) for k, v in value.items() if k not in _UNTIMED}
        case list():
            return [_without_urls(item) for item in value]
        case _:
            return value


@dataclass
class Ledger:
    """Everything acknowledged in one run, and how long answers took."""

    photos: dict[str, KnownPhoto] = field(default_factory=dict)
    analyses: dict[str, KnownAnalysis] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Access token by the store's id of a person."""
    unanswered: dict[str, str] = field(default_factory=dict)
    """Keys of requests that have no answer yet, and whose: each may have made one analysis."""
    unanswered_uploads: dict[str, str] = field(default_factory=dict)
    """The same of uploads: each may have made one photo."""
    uploading: int = 0
    longest_request_seconds: float = 0.0
    longest_request: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    disturbed: Counter[str] = field(default_factory=Counter)
    """Calls that had to be repeated, by why."""
    problems: list[str] = field(default_factory=list)
    _heard_at: dict[Stage, float] = field(default_factory=dict)

    def hear(self, known: KnownAnalysis, event: Answer) -> None:
        """Take in an event as it came."""
        known.hear(event)
        self._heard_at[known.stage] = time.monotonic()

    def took(self, what: str, seconds: float) -> None:
        self.calls[what] += 1
        if seconds > self.longest_request_seconds:
            self.longest_request_seconds, self.longest_request = seconds, what

    def stages(self) -> set[Stage]:
        """Where somebody's work is at this moment."""
        found = {known.stage for known in self.unfinished()}
        since = time.monotonic() - _FRESH_SECONDS
        found |= {stage for stage, at in self._heard_at.items() if at >= since}
        return found | ({Stage.UPLOADING} if self.uploading else set())

    def unfinished(self) -> Iterator[KnownAnalysis]:
        return (known for known in self.analyses.values() if not known.is_over)

    def of_photo(self, photo_id: str) -> list[KnownAnalysis]:
        return [known for known in self.analyses.values() if photo_id in known.photo_ids]
