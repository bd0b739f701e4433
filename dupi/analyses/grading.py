"""From what the models said to findings: when a finding abstains, and what counts overall."""

from collections.abc import Callable, Sequence

from dupi.adapters.triton import Classification, Grading
from dupi.analyses.models import AbstentionReason, FindingRecord, Photo, PhotoFindingsRecord
from dupi.knowledge.vocabulary import Condition, Severity
from dupi.metrics import GRADINGS

Thresholds = Callable[[str], float]
"""Confidence (a head) or score (the in-domain head) below which a model's word is not taken."""


def grade_photo(
    photo: Photo, said: Classification, *, in_domain_from: float, abstain_below: Thresholds
) -> PhotoFindingsRecord:
    """Findings of one photo, in the order of ``Condition``, without attention maps yet."""
    is_scalp = said.in_domain_score >= in_domain_from
    return PhotoFindingsRecord(
        photo_id=photo.id,
        site=photo.site,
        in_domain_score=said.in_domain_score,
        findings=tuple(
            _finding(photo, condition, said.gradings[condition], is_scalp, abstain_below)
            for condition in Condition
        ),
    )


def overall(photos: Sequence[PhotoFindingsRecord]) -> tuple[FindingRecord, ...]:
    """One finding a condition: the worst that did not abstain; where all did, the surest of them.

    An uncertain photo of a scalp says more than a photo of something else.
    """
    return tuple(
        max((photo.findings[index] for photo in photos), key=_weight)
        for index in range(len(Condition))
    )


def count_gradings(said: Classification, graded: PhotoFindingsRecord) -> None:
    """For those who watch the models: what each version finds, and how often it abstains."""
    for finding in graded.findings:
        GRADINGS.labels(
            condition=finding.condition,
            severity=finding.abstention_reason or _name(finding.severity),
            version=said.gradings[finding.condition].version,
        ).inc()


def _name(severity: Severity | None) -> str:
    return "" if severity is None else severity.name


def expected_grade(probabilities: Sequence[float]) -> float:
    """The mean grade under the probabilities, 0 to 3."""
    return sum(grade * p for grade, p in enumerate(probabilities))


def _finding(
    photo: Photo,
    condition: Condition,
    grading: Grading,
    is_scalp: bool,
    abstain_below: Thresholds,
) -> FindingRecord:
    confidence = max(grading.probabilities)
    reason = _abstention(is_scalp, confidence, abstain_below(grading.model))
    severity = Severity(grading.probabilities.index(confidence))
    return FindingRecord(
        condition=condition,
        probabilities=grading.probabilities,
        confidence=confidence,
        severity=None if reason else severity,
        abstained=reason is not None,
        abstention_reason=reason,
        model=grading.model,
        model_version=grading.version,
        photo_id=photo.id,
        site=photo.site,
        attention_key=None,
    )


def _abstention(is_scalp: bool, confidence: float, threshold: float) -> AbstentionReason | None:
    if not is_scalp:
        return AbstentionReason.NOT_A_SCALP
    return AbstentionReason.UNCERTAIN if confidence < threshold else None


def _weight(finding: FindingRecord) -> tuple[int, int, float]:
    if finding.severity is not None:
        return (2, finding.severity, expected_grade(finding.probabilities))
    uncertain = finding.abstention_reason is AbstentionReason.UNCERTAIN
    return (1 if uncertain else 0, 0, finding.confidence)
