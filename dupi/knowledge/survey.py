"""The lifestyle survey: its questions and choices, and a person's answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dupi.knowledge.survey_words import LABELS, QUESTION_TEXTS
from dupi.knowledge.vocabulary import (
    Circumstance,
    HairProduct,
    HairState,
    Locale,
    PurchasePriority,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)

SURVEY_VERSION: Final = "1"


class SurveyQuestionKind(StrEnum):
    SINGLE = "SINGLE"
    MULTIPLE = "MULTIPLE"
    BOOLEAN = "BOOLEAN"


@dataclass(frozen=True, slots=True)
class SurveyAnswers:
    shampoo_frequency: ShampooFrequency
    perm_frequency: TreatmentFrequency
    dye_frequency: TreatmentFrequency
    hair_state: HairState
    products: tuple[HairProduct, ...]
    wants_custom_care: bool
    purchase_priority: PurchasePriority
    symptoms: tuple[Symptom, ...]
    circumstances: tuple[Circumstance, ...] = ()


@dataclass(frozen=True, slots=True)
class SurveyChoice:
    """``value``: the name of the enum's value."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """``field``: the field of ``SurveyAnswersInput`` that takes the answer."""

    field: str
    kind: SurveyQuestionKind
    text: str
    help: str | None
    is_required: bool
    choices: tuple[SurveyChoice, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    version: str
    questions: tuple[SurveyQuestion, ...]


_SINGLE, _MULTIPLE, _BOOLEAN = SurveyQuestionKind
_QUESTIONS: Final[tuple[tuple[str, SurveyQuestionKind, type[StrEnum] | None, bool], ...]] = (
    ("shampooFrequency", _SINGLE, ShampooFrequency, True),
    ("permFrequency", _SINGLE, TreatmentFrequency, True),
    ("dyeFrequency", _SINGLE, TreatmentFrequency, True),
    ("hairState", _SINGLE, HairState, True),
    ("products", _MULTIPLE, HairProduct, True),
    ("wantsCustomCare", _BOOLEAN, None, True),
    ("purchasePriority", _SINGLE, PurchasePriority, True),
    ("symptoms", _MULTIPLE, Symptom, True),
    ("circumstances", _MULTIPLE, Circumstance, False),
)


def survey_questions(locale: Locale = Locale.KO) -> Survey:
    """The survey in the order in which it is asked, in ``locale``."""
    return Survey(SURVEY_VERSION, tuple(_question(*row, locale) for row in _QUESTIONS))


def label(value: StrEnum, locale: Locale = Locale.KO) -> str:
    """What a person reads for one of the survey's values."""
    return LABELS[type(value).__name__][value][_column(locale)]


def _question(
    name: str,
    kind: SurveyQuestionKind,
    values: type[StrEnum] | None,
    required: bool,
    locale: Locale,
) -> SurveyQuestion:
    text, help_text = QUESTION_TEXTS[name][_column(locale)]
    choices = tuple(SurveyChoice(str(value), label(value, locale)) for value in values or ())
    return SurveyQuestion(name, kind, text, help_text, required, choices)


def _column(locale: Locale) -> int:
    return 0 if locale is Locale.KO else 1
