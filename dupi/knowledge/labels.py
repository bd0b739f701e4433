"""Reads the AI-Hub scalp data set's file names, labels and answers.

Grades are read strictly (a wrong grade would teach a wrong lesson), answers tolerantly: what is
not known is kept in ``unknown`` so that a reader can count and report it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from dupi.knowledge.vocabulary import (
    Condition,
    Gender,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    Severity,
    ShampooFrequency,
    TreatmentFrequency,
)

ENCODING: Final = "utf-8-sig"
_GRADES: Final = {str(int(severity)): severity for severity in Severity}
T = TypeVar("T")


class BadLabel(ValueError):
    """A label file that cannot be trusted; the message begins with the file's name."""


@dataclass(frozen=True, slots=True)
class PhotoName:
    """The parts of ``0013_A2LEBJJDE00060O_1602578303771_2_TH``."""

    operator: str
    device: str
    taken_at_ms: str
    position: str
    site: ScalpSite

    @property
    def group(self) -> str:
        """Photos of one session; they never lie on both sides of a split."""
        return f"{self.operator}_{self.device}_{self.taken_at_ms}"

    @classmethod
    def parse(cls, stem: str) -> "PhotoName":
        parts = stem.split("_")
        sites = {site.aihub_code: site for site in ScalpSite}
        if len(parts) != 5 or not all(parts) or parts[4] not in sites:
            raise BadLabel(f"{stem}: not operator_device_time_position_site")
        operator, device, taken_at_ms, position, code = parts
        return cls(operator, device, taken_at_ms, position, sites[code])

    def __str__(self) -> str:
        return f"{self.group}_{self.position}_{self.site.aihub_code}"


def parse_grades(content: bytes, file_name: str) -> dict[Condition, Severity]:
    """The six grades of a ``<stem>.json``; raises :class:`BadLabel` with ``file_name``."""
    record = _object(content, file_name)
    return {condition: read_grade(record, condition, file_name) for condition in Condition}


def image_file_name(content: bytes, file_name: str) -> str | None:
    """The photo that a ``<stem>.json`` says it is of; raises :class:`BadLabel`."""
    named = _object(content, file_name).get("image_file_name")
    return str(named) if named else None


def _object(content: bytes, file_name: str) -> dict[str, Any]:
    try:
        record = json.loads(content.decode(ENCODING))
    except (ValueError, RecursionError) as error:
        raise BadLabel(f"{file_name}: not JSON in UTF-8") from error
    if not isinstance(record, dict):
        raise BadLabel(f"{file_name}: not a JSON object")
    return record


def read_grade(record: Mapping[str, Any], condition: Condition, file_name: str) -> Severity:
    """The grade under the condition's key; raises :class:`BadLabel` with ``file_name``."""
    value = record.get(condition.label_key)
    if str(value) not in _GRADES:  # int() would take " 1", "+1" and digits of other scripts too
        raise BadLabel(f"{file_name}: {condition.label_key} is {value!r}, not a grade from 0 to 3")
    return _GRADES[str(value)]


_GENDERS = {"남": Gender.MALE, "여": Gender.FEMALE}


def read_gender(answer: str) -> Gender | None:
    """``남``, ``여`` or a gender's name; None for all else."""
    by_name = {gender.value: gender for gender in Gender}
    return _GENDERS.get(answer) or by_name.get(answer.upper())


_SHAMPOO_FREQUENCIES = {
    "1일 1회": ShampooFrequency.ONCE_A_DAY,
    "1일 2회": ShampooFrequency.TWICE_A_DAY,
    "2일 1회": ShampooFrequency.EVERY_OTHER_DAY,
    "1주일 1회": ShampooFrequency.ONCE_OR_TWICE_A_WEEK,
    "1주일 1~2회": ShampooFrequency.ONCE_OR_TWICE_A_WEEK,
}
_TREATMENT_FREQUENCIES = {
    "하지않음": TreatmentFrequency.NEVER,
    "1~3회/연": TreatmentFrequency.ONE_TO_THREE_A_YEAR,
    "4~6회/연": TreatmentFrequency.FOUR_TO_SIX_A_YEAR,
    "7회 이상/연": TreatmentFrequency.SEVEN_OR_MORE_A_YEAR,
}
_HAIR_STATES = {
    "자연 모발": HairState.NATURAL,
    "펌 모발": HairState.PERMED,
    "염색 모발": HairState.DYED,
    "탈모 모발": HairState.HAIR_LOSS,
    "곱슬 모발": HairState.CURLY,
    "가발 사용(붙임머리 포함)": HairState.WIG_OR_EXTENSIONS,
    "모발이식/시술": HairState.TRANSPLANT_OR_PROCEDURE,
    "기타": HairState.OTHER,
}
_PRODUCTS = {
    "샴푸": HairProduct.SHAMPOO,
    "린스": HairProduct.CONDITIONER,
    "트리트먼트": HairProduct.TREATMENT,
    "헤어에센스": HairProduct.HAIR_ESSENCE,
    "헤어스타일링제": HairProduct.STYLING_PRODUCT,
    "두피스케일링제": HairProduct.SCALP_SCALER,
    "두피세럼": HairProduct.SCALP_SERUM,
    "탈모 관련 제품": HairProduct.HAIR_LOSS_PRODUCT,
    "기타": HairProduct.OTHER,
}
_PRIORITIES = {
    "세정력": PurchasePriority.CLEANSING,
    "두피자극": PurchasePriority.LOW_IRRITATION,
    "머리결": PurchasePriority.HAIR_TEXTURE,
    "향": PurchasePriority.SCENT,
    "헹굼후느낌": PurchasePriority.AFTER_RINSE_FEEL,
    "가격": PurchasePriority.PRICE,
}
_YES_OR_NO = {"예": True, "아니오": False}


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """A person's answers, ``None`` where the answer is absent or unknown."""

    gender: Gender | None
    age: str | None
    site: ScalpSite | None
    shampoo_frequency: ShampooFrequency | None
    perm_frequency: TreatmentFrequency | None
    dye_frequency: TreatmentFrequency | None
    hair_state: HairState | None
    products: tuple[HairProduct, ...]
    wants_custom_care: bool | None
    purchase_priority: PurchasePriority | None
    unknown: Mapping[str, str] = field(default_factory=dict)
    """What was answered where no known choice fits: key of the file, answer."""


def parse_metadata(content: bytes, file_name: str) -> PhotoMetadata:
    """The answers of a ``<stem>_META.json``; only broken JSON raises :class:`BadLabel`."""
    answers = _Answers(_object(content, file_name))
    return PhotoMetadata(
        gender=answers.one("gender", _GENDERS),
        age=answers.text("age") or None,
        site=answers.one("location", {site.aihub_code: site for site in ScalpSite}),
        shampoo_frequency=answers.one("answers1", _SHAMPOO_FREQUENCIES),
        perm_frequency=answers.one("answers2", _TREATMENT_FREQUENCIES),
        dye_frequency=answers.one("answers3", _TREATMENT_FREQUENCIES),
        hair_state=answers.one("answers4", _HAIR_STATES),
        products=answers.several("answers5", _PRODUCTS),
        wants_custom_care=answers.one("answers6", _YES_OR_NO),
        purchase_priority=answers.one("answers7", _PRIORITIES),
        unknown=answers.unknown,
    )


class _Answers:
    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self.unknown: dict[str, str] = {}

    def text(self, key: str) -> str:
        return str(self._record.get(key) or "").strip()

    def one(self, key: str, choices: Mapping[str, T]) -> T | None:
        answer = self.text(key)
        if answer and answer not in choices:
            self.unknown[key] = answer
        return choices.get(answer)

    def several(self, key: str, choices: Mapping[str, T]) -> tuple[T, ...]:
        answers = [part.strip() for part in self.text(key).split(",") if part.strip()]
        if strange := [answer for answer in answers if answer not in choices]:
            self.unknown[key] = ", ".join(strange)
        return tuple(choices[answer] for answer in answers if answer in choices)
