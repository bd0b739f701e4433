"""A person's answers to the lifestyle survey."""

from dataclasses import dataclass

from dupi.knowledge.vocabulary import (
    Circumstance,
    HairProduct,
    HairState,
    PurchasePriority,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)


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
