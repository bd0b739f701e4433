"""A case as a record of JSON, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from dupi.knowledge.plan import Case
from dupi.knowledge.survey import SurveyAnswers
from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Condition,
    Gender,
    HairProduct,
    HairState,
    PurchasePriority,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)


def record_of(case: Case) -> dict[str, Any]:
    """Names of enums, grades as figures; ``null`` for what could not be graded."""
    survey = {field.name: getattr(case.survey, field.name) for field in fields(case.survey)}
    return {
        "age": case.age_band,
        "gender": case.gender,
        "sites": list(case.sites),
        "grades": {c: None if g is None else int(g) for c, g in case.grades.items()},
        **survey,
    }


def case_of(record: Mapping[str, Any]) -> Case:
    """The case of :func:`record_of`. Raises ``KeyError`` or ``ValueError`` for any other record."""
    grades = {Condition(c): None if g is None else Severity(g) for c, g in record["grades"].items()}
    survey = SurveyAnswers(
        shampoo_frequency=ShampooFrequency(record["shampoo_frequency"]),
        perm_frequency=TreatmentFrequency(record["perm_frequency"]),
        dye_frequency=TreatmentFrequency(record["dye_frequency"]),
        hair_state=HairState(record["hair_state"]),
        products=tuple(map(HairProduct, record["products"])),
        wants_custom_care=bool(record["wants_custom_care"]),
        purchase_priority=PurchasePriority(record["purchase_priority"]),
        symptoms=tuple(map(Symptom, record["symptoms"])),
        circumstances=tuple(map(Circumstance, record["circumstances"])),
    )
    gender = Gender(record["gender"]) if record["gender"] else None
    sites = tuple(map(ScalpSite, record["sites"]))
    return Case(grades, survey, AgeBand(record["age"]), gender, sites)
