"""Words of the report: Korean first, English second. The plan is Korean, whatever the language."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from dupi.advice.prompts import AGE_WORDS, GENDER_WORDS
from dupi.analyses.models import AbstentionReason
from dupi.knowledge.vocabulary import AgeBand, Gender, Locale, ReferralUrgency, ScalpSite

_Text = tuple[str, str]

_LABELS: Final[Mapping[str, _Text]] = {
    "title": ("두피 상태 확인 보고서", "Scalp condition report"),
    "for_doctor": ("진료 참고용", "For a doctor's visit"),
    "name": ("이름", "Name"),
    "name_blank": ("(직접 적어 주세요)", "(fill in by hand)"),
    "asked_at": ("요청 일시", "Asked for"),
    "completed_at": ("확인 일시", "Completed"),
    "person": ("연령대 · 성별", "Age · gender"),
    "sites": ("촬영 부위", "Sites"),
    "report": ("보고서 번호", "Report"),
    "referral": ("진료 권고", "Referral"),
    "referral_reasons": ("권고 사유", "Reasons"),
    "overall": ("항목별 종합", "Overall"),
    "overall_note": (
        "부위 중 가장 뚜렷한 등급입니다. 등급: 0 양호 · 1 경증 · 2 중등도 · 3 중증. "
        "확신도는 모델이 그 등급에 준 확률입니다.",
        "The most marked grade of all sites. Grades: 0 none · 1 mild · 2 moderate · 3 severe. "
        "Confidence is the probability that the model gives to the grade.",
    ),
    "condition": ("항목", "Condition"),
    "grade": ("등급", "Grade"),
    "confidence": ("확신도", "Confidence"),
    "site": ("부위", "Site"),
    "remark": ("비고", "Remark"),
    "abstained": ("판정 보류", "Not graded"),
    "symptoms": ("증상 (본인 응답)", "Symptoms (as answered)"),
    "circumstances": ("해당 상황", "Circumstances"),
    "survey": ("생활 습관 (본인 응답)", "Habits (as answered)"),
    "shampoo_frequency": ("샴푸", "Shampooing"),
    "perm_frequency": ("펌", "Perms"),
    "dye_frequency": ("염색", "Dyeing"),
    "hair_state": ("모발 상태", "Hair"),
    "products": ("쓰는 제품", "Products in use"),
    "none": ("없음", "None"),
    "photos": ("사진", "Photos"),
    "photo": ("사진", "Photo"),
    "attention": ("모델이 주목한 곳", "The model's attention"),
    "no_attention": ("주목한 곳 표시 없음", "No attention map"),
    "attention_note": (
        "푸른 표시는 모델이 주목한 곳이며 병변의 경계가 아닙니다. 흰 선은 주목한 정도가 3분의 1, "
        "3분의 2를 넘는 곳입니다.",
        "Blue is where the model looked; it outlines no lesion. White lines: above a third and two "
        "thirds of its attention.",
    ),
    "taken_at": ("올린 일시", "Uploaded"),
    "quality": ("사진 품질", "Photo quality"),
    "plan": ("관리 계획", "Care plan"),
    "actions": ("할 일", "Actions"),
    "shampoo": ("샴푸 선택", "Shampoo"),
    "routine": ("한 주의 관리", "Weekly routine"),
    "times_a_week": ("주 {count}회", "{count} × a week"),
    "every_day": ("매일", "Every day"),
    "sources": ("근거 자료", "Sources"),
    "models": ("판정에 쓰인 모델", "Models"),
    "model": ("모델", "Model"),
    "version": ("버전", "Version"),
    "notice": ("알림", "Notice"),
    "page": ("쪽", "Page"),
}
_URGENCIES: Final[Mapping[StrEnum, _Text]] = {
    ReferralUrgency.SOON: ("가까운 시일 안에", "Soon"),
    ReferralUrgency.PROMPT: ("빠른 시일 안에", "Promptly"),
    ReferralUrgency.URGENT: ("가능한 한 바로", "Urgently"),
}
_ABSTENTIONS: Final[Mapping[StrEnum, _Text]] = {
    AbstentionReason.UNCERTAIN: (
        "확신도가 기준보다 낮아 등급을 매기지 않았습니다.",
        "Not graded: the model was not sure enough.",
    ),
    AbstentionReason.NOT_A_SCALP: (
        "두피 사진으로 확인되지 않아 등급을 매기지 않았습니다.",
        "Not graded: this does not look like a photo of a scalp.",
    ),
}
_SITES: Final[Mapping[StrEnum, _Text]] = {
    ScalpSite.CROWN: (ScalpSite.CROWN.korean, "Crown"),
    ScalpSite.LEFT: (ScalpSite.LEFT.korean, "Left side"),
    ScalpSite.RIGHT: (ScalpSite.RIGHT.korean, "Right side"),
    ScalpSite.BACK: (ScalpSite.BACK.korean, "Back"),
}
_PEOPLE: Final[Mapping[StrEnum, _Text]] = {
    AgeBand.TEENS: (AGE_WORDS[AgeBand.TEENS], "Teens"),
    AgeBand.TWENTIES: (AGE_WORDS[AgeBand.TWENTIES], "Twenties"),
    AgeBand.THIRTIES: (AGE_WORDS[AgeBand.THIRTIES], "Thirties"),
    AgeBand.FORTIES: (AGE_WORDS[AgeBand.FORTIES], "Forties"),
    AgeBand.FIFTIES: (AGE_WORDS[AgeBand.FIFTIES], "Fifties"),
    AgeBand.SIXTIES_AND_OVER: (AGE_WORDS[AgeBand.SIXTIES_AND_OVER], "Sixties and over"),
    Gender.FEMALE: (GENDER_WORDS[Gender.FEMALE], "Female"),
    Gender.MALE: (GENDER_WORDS[Gender.MALE], "Male"),
    Gender.OTHER: ("그 밖", "Other"),
}
_VALUES: Final = {**_URGENCIES, **_ABSTENTIONS, **_SITES, **_PEOPLE}


def labels(locale: Locale) -> dict[str, str]:
    """Every label of the report, by name."""
    return {name: _pick(text, locale) for name, text in _LABELS.items()}


def word(value: StrEnum, locale: Locale) -> str:
    """What a person reads for an urgency, a reason to abstain, a site, an age or a gender."""
    return _pick(_VALUES[value], locale)


def times_a_week(count: int, locale: Locale) -> str:
    if count >= 7:
        return _pick(_LABELS["every_day"], locale)
    return _pick(_LABELS["times_a_week"], locale).format(count=count)


def _pick(text: _Text, locale: Locale) -> str:
    return text[0] if locale is Locale.KO else text[1]
