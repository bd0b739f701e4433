"""From an analysis to what its report says: plain data for the layout.

Left out is what a doctor does not need: who the person is (a line is left to write the name on),
wishes about products, and the advice, which is the plan in other words.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from dupi.analyses.grading import expected_grade
from dupi.analyses.models import Analysis, FindingRecord, Photo, PhotoFindingsRecord
from dupi.knowledge.conditions import condition_guide
from dupi.knowledge.notice import analysis_notice
from dupi.knowledge.plan import Plan, PlanAction
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import Condition, Locale
from dupi.reports.words import labels, times_a_week, word

_KOREA: Final = timezone(timedelta(hours=9))
"""Korea has no summer time."""
_HABITS: Final = (
    "shampoo_frequency",
    "perm_frequency",
    "dye_frequency",
    "hair_state",
    "products",
)

Data = dict[str, Any]


def report_contents(analysis: Analysis, photos: Sequence[Photo], locale: Locale) -> Data:
    """What the report of a completed analysis says; ``photos``: its own, in its order.

    ``photos`` of the answer name pictures by their place: ``photo-0.jpg``, ``overlay-0.jpg``.
    """
    words = labels(locale)
    return {
        "language": locale.lower(),
        "words": words,
        "date": _date(analysis.completed_at or analysis.created_at),
        "facts": _facts(analysis, locale),
        "notice": analysis_notice(locale),
        "referral": _referral(analysis.plan, locale),
        "findings": [_finding(finding, locale) for finding in analysis.findings],
        "symptoms": [label(symptom, locale) for symptom in analysis.survey.symptoms],
        "circumstances": [label(one, locale) for one in analysis.survey.circumstances],
        "habits": [[words[name], _answer(analysis, name, locale)] for name in _HABITS],
        "photos": list(_photos(analysis, photos, locale)),
        "plan": _plan(analysis.plan, locale),
        "models": _models(analysis),
    }


def deciding_finding(photo: PhotoFindingsRecord) -> FindingRecord | None:
    """The finding whose attention map the report shows: of those that were graded, the worst."""
    graded = [one for one in photo.findings if one.severity is not None and one.attention_key]
    return max(
        graded, key=lambda one: (one.severity, expected_grade(one.probabilities)), default=None
    )


def local_time(moment: datetime) -> str:
    """``2026-03-01 18:30 (UTC+09:00)``"""
    return moment.astimezone(_KOREA).strftime("%Y-%m-%d %H:%M (UTC+09:00)")


def _weight(finding: FindingRecord) -> tuple[int, float]:
    return int(finding.severity or 0), expected_grade(finding.probabilities)


def _date(moment: datetime) -> Data:
    local = moment.astimezone(_KOREA)
    return {"year": local.year, "month": local.month, "day": local.day}


def _facts(analysis: Analysis, locale: Locale) -> list[list[str]]:
    words, who = labels(locale), analysis.person
    person = [word(one, locale) for one in (who.age_band, who.gender) if one]
    return [
        [words["person"], " · ".join(person)],
        [words["sites"], ", ".join(word(site, locale) for site in analysis.sites)],
        [words["asked_at"], local_time(analysis.created_at)],
        [words["completed_at"], local_time(analysis.completed_at or analysis.created_at)],
        [words["report"], analysis.id],
    ]


def _referral(plan: Plan | None, locale: Locale) -> Data | None:
    referral = plan.referral if plan else None
    if referral is None:
        return None
    return {
        "urgency": word(referral.urgency, locale),
        "text": referral.text,
        "reasons": list(referral.reasons),
    }


def _finding(finding: FindingRecord, locale: Locale) -> Data:
    """``grade`` is null where it abstained: then neither a name nor a confidence is there."""
    guide = condition_guide(locale)[tuple(Condition).index(finding.condition)]
    graded = finding.severity is not None
    return {
        "condition": guide.name,
        "grade": int(finding.severity) if finding.severity is not None else None,
        "name": guide.grades[finding.severity].name if finding.severity is not None else "",
        "confidence": f"{finding.confidence:.0%}" if graded else "",
        "site": word(finding.site, locale) if graded else "",
        "remark": word(finding.abstention_reason, locale) if finding.abstention_reason else "",
    }


def _answer(analysis: Analysis, name: str, locale: Locale) -> str:
    answer = getattr(analysis.survey, name)
    given = answer if isinstance(answer, tuple) else (answer,)
    return ", ".join(label(one, locale) for one in given) or labels(locale)["none"]


def _photos(analysis: Analysis, photos: Sequence[Photo], locale: Locale) -> Iterator[Data]:
    found = {one.photo_id: one for one in analysis.photo_findings}
    words = labels(locale)
    for index, photo in enumerate(photos):
        record = found[photo.id]
        shown = deciding_finding(record)
        yield {
            "site": word(photo.site, locale),
            "image": f"photo-{index}.jpg",
            "overlay": f"overlay-{index}.jpg" if shown else None,
            "attention": _attention(shown, locale),
            "about": [
                [words["taken_at"], local_time(photo.created_at)],
                [words["quality"], f"{photo.quality:.0%}"],
            ],
            "findings": [_finding(finding, locale) for finding in record.findings],
        }


def _attention(shown: FindingRecord | None, locale: Locale) -> str:
    words = labels(locale)
    if shown is None:
        return words["no_attention"]
    finding = _finding(shown, locale)
    return f"{words['attention']}: {finding['condition']} {finding['name']}"


def _plan(plan: Plan | None, locale: Locale) -> Data:
    if plan is None:
        return {"actions": [], "shampoo": [], "routine": [], "sources": []}
    actions = [plan.shampoo, *plan.actions] if plan.shampoo else list(plan.actions)
    sources = list(dict.fromkeys(source for action in actions for source in _sources(action)))
    return {
        "actions": [_action(action, sources) for action in plan.actions],
        "shampoo": [_action(plan.shampoo, sources)] if plan.shampoo else [],
        "routine": [
            {"text": step.text, "times": times_a_week(step.times_per_week, locale)}
            for step in plan.routine
        ],
        "sources": sources,
    }


def _action(action: PlanAction, sources: Sequence[str]) -> Data:
    """``sources``: numbers, from 1, of those that it rests on."""
    numbers = [sources.index(source) + 1 for source in _sources(action)]
    return {"text": action.text, "reason": action.reason, "sources": numbers}


def _sources(action: PlanAction) -> list[str]:
    return [source for source in (action.source or "").split("; ") if source]


def _models(analysis: Analysis) -> list[list[str]]:
    """Model and version, each once, in the order of the findings."""
    findings = (one for photo in analysis.photo_findings for one in photo.findings)
    used = dict.fromkeys((one.model, one.model_version) for one in findings)
    return [list(one) for one in used]
