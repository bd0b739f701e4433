"""The words of the domain: what the models grade, what a person may answer.

Names are the contract's; Korean names and AI-Hub keys follow the reference dataset.
Everything else (rules, schema, exporters) takes them from here.
"""

from enum import IntEnum, StrEnum


class Condition(StrEnum):
    """A scalp condition, in the order in which the contract lists findings."""

    FINE_SCALING = "FINE_SCALING"
    EXCESS_SEBUM = "EXCESS_SEBUM"
    INTERFOLLICULAR_ERYTHEMA = "INTERFOLLICULAR_ERYTHEMA"
    FOLLICULAR_PUSTULES = "FOLLICULAR_PUSTULES"
    DANDRUFF = "DANDRUFF"
    HAIR_LOSS = "HAIR_LOSS"

    @property
    def korean(self) -> str:
        return _CONDITION_KOREAN[self]

    @property
    def label_key(self) -> str:
        """Key of this condition in an AI-Hub label file (``value_1`` … ``value_6``)."""
        return f"value_{tuple(Condition).index(self) + 1}"


_CONDITION_KOREAN = {
    Condition.FINE_SCALING: "미세각질",
    Condition.EXCESS_SEBUM: "피지과다",
    Condition.INTERFOLLICULAR_ERYTHEMA: "모낭사이홍반",
    Condition.FOLLICULAR_PUSTULES: "모낭홍반/농포",
    Condition.DANDRUFF: "비듬",
    Condition.HAIR_LOSS: "탈모",
}


class Severity(IntEnum):
    """A grade from 0 to 3."""

    NONE = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3

    @property
    def korean(self) -> str:
        return ("양호", "경증", "중등도", "중증")[self]


class ScalpSite(StrEnum):
    CROWN = "CROWN"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    BACK = "BACK"

    @property
    def korean(self) -> str:
        return _SITE_KOREAN[self]

    @property
    def aihub_code(self) -> str:
        """Site code in AI-Hub file names: TH, LH, RH or BH."""
        return _SITE_CODE[self]


_SITE_KOREAN = {
    ScalpSite.CROWN: "정수리",
    ScalpSite.LEFT: "좌측두",
    ScalpSite.RIGHT: "우측두",
    ScalpSite.BACK: "후두부",
}
_SITE_CODE = {
    ScalpSite.CROWN: "TH",
    ScalpSite.LEFT: "LH",
    ScalpSite.RIGHT: "RH",
    ScalpSite.BACK: "BH",
}


class Gender(StrEnum):
    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHER = "OTHER"


class AgeBand(StrEnum):
    TEENS = "TEENS"
    TWENTIES = "TWENTIES"
    THIRTIES = "THIRTIES"
    FORTIES = "FORTIES"
    FIFTIES = "FIFTIES"
    SIXTIES_AND_OVER = "SIXTIES_AND_OVER"

    @classmethod
    def of(cls, *, birth_year: int, year: int) -> "AgeBand":
        """Band of the age that a person born in ``birth_year`` reaches in ``year``."""
        decade = (year - birth_year) // 10
        return tuple(cls)[min(max(decade - 1, 0), len(cls) - 1)]


class ShampooFrequency(StrEnum):
    TWICE_A_DAY = "TWICE_A_DAY"
    ONCE_A_DAY = "ONCE_A_DAY"
    EVERY_OTHER_DAY = "EVERY_OTHER_DAY"
    ONCE_OR_TWICE_A_WEEK = "ONCE_OR_TWICE_A_WEEK"


class TreatmentFrequency(StrEnum):
    """How often hair is permed or dyed."""

    NEVER = "NEVER"
    ONE_TO_THREE_A_YEAR = "ONE_TO_THREE_A_YEAR"
    FOUR_TO_SIX_A_YEAR = "FOUR_TO_SIX_A_YEAR"
    SEVEN_OR_MORE_A_YEAR = "SEVEN_OR_MORE_A_YEAR"


class HairState(StrEnum):
    NATURAL = "NATURAL"
    PERMED = "PERMED"
    DYED = "DYED"
    HAIR_LOSS = "HAIR_LOSS"
    CURLY = "CURLY"
    WIG_OR_EXTENSIONS = "WIG_OR_EXTENSIONS"
    TRANSPLANT_OR_PROCEDURE = "TRANSPLANT_OR_PROCEDURE"
    OTHER = "OTHER"


class HairProduct(StrEnum):
    SHAMPOO = "SHAMPOO"
    CONDITIONER = "CONDITIONER"
    TREATMENT = "TREATMENT"
    HAIR_ESSENCE = "HAIR_ESSENCE"
    STYLING_PRODUCT = "STYLING_PRODUCT"
    SCALP_SCALER = "SCALP_SCALER"
    SCALP_SERUM = "SCALP_SERUM"
    HAIR_LOSS_PRODUCT = "HAIR_LOSS_PRODUCT"
    OTHER = "OTHER"


class PurchasePriority(StrEnum):
    CLEANSING = "CLEANSING"
    LOW_IRRITATION = "LOW_IRRITATION"
    HAIR_TEXTURE = "HAIR_TEXTURE"
    SCENT = "SCENT"
    AFTER_RINSE_FEEL = "AFTER_RINSE_FEEL"
    PRICE = "PRICE"


class Symptom(StrEnum):
    PAIN = "PAIN"
    ITCHING = "ITCHING"
    BURNING = "BURNING"
    PUS = "PUS"
    BLEEDING = "BLEEDING"
    FEVER = "FEVER"
    SUDDEN_SHEDDING = "SUDDEN_SHEDDING"
    PATCHY_LOSS = "PATCHY_LOSS"


class Circumstance(StrEnum):
    PREGNANT = "PREGNANT"
    NURSING = "NURSING"
    UNDER_SCALP_TREATMENT = "UNDER_SCALP_TREATMENT"
    RECENT_SCALP_PROCEDURE = "RECENT_SCALP_PROCEDURE"


class ReferralUrgency(StrEnum):
    SOON = "SOON"
    PROMPT = "PROMPT"
    URGENT = "URGENT"


class AdviceSectionKind(StrEnum):
    """Sections of an advice, in the order in which they are written."""

    SUMMARY = "SUMMARY"
    CARE = "CARE"
    ROUTINE = "ROUTINE"
    CAUTION = "CAUTION"
    REFERRAL = "REFERRAL"


class Locale(StrEnum):
    KO = "KO"
    EN = "EN"
