"""The people that the training texts are written to: drawn, or read from AI-Hub-format files.

The files know neither symptoms nor circumstances; those are drawn, from the session's name, so that
the same files always give the same people.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from dupi.knowledge.labels import (
    BadLabel,
    PhotoMetadata,
    PhotoName,
    parse_grades,
    parse_metadata,
)
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
from llm_server.training.cleaning import clean_record

META: Final = "_META.json"
GRADE_WEIGHTS: Final = {1: 50, 2: 32, 3: 18}
CLEAR_SHARES: Final = (0.4, 0.6, 0.75, 0.85, 0.9)
"""How much of a person's scalp is clear: some have much to tell, some nearly nothing."""
ABSTAINED_SHARE: Final = 0.05
TRANSPLANTED_SHARE: Final = 0.3
"""Of people, whose hair may be one after a procedure."""
ADULTS: Final = tuple(AgeBand)[1:]
MOTHERS: Final = (AgeBand.TWENTIES, AgeBand.THIRTIES, AgeBand.FORTIES)
T = TypeVar("T")


@dataclass(slots=True)
class FilesRead:
    """What was met while reading; ``unknown``: answers that no choice fits, with how often."""

    photos: int = 0
    people: int = 0
    repeated: int = 0
    refused: int = 0
    incomplete: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def random_case(rng: random.Random) -> Case:
    """A person as they may come."""
    age, gender = rng.choice([*AgeBand, *ADULTS]), rng.choice([None, *Gender])
    return Case(
        grades=_random_grades(rng),
        survey=_random_survey(rng, age, gender),
        age_band=age,
        gender=gender,
        sites=_in_order(ScalpSite, rng.sample(list(ScalpSite), rng.choice((1, 1, 2, 2, 3, 4)))),
    )


def people_of_files(folder: Path, read: FilesRead) -> Iterator[Case]:
    """One person for each session under ``folder``, whatever its layout; ``read`` counts.

    A session's grades are its worst, as an analysis' are. Whose answers are not whole is left out.
    """
    sessions: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.rglob(f"*{META}")):
        stem = path.name.removesuffix(META)
        photos = sessions.setdefault(stem.rsplit("_", 2)[0], {})
        read.repeated += stem in photos
        photos.setdefault(stem, path)
    for session in sorted(sessions):
        case = _person(session, sessions[session], read)
        if case:
            read.people += 1
            yield case


def _person(session: str, photos: Mapping[str, Path], read: FilesRead) -> Case | None:
    seen: dict[Condition, Severity] = {}
    sites, metadata = set[ScalpSite](), None
    for stem, path in photos.items():
        try:
            name = PhotoName.parse(stem)
            label = path.with_name(f"{stem}.json")
            grades = parse_grades(clean_record(label.read_bytes()), label.name)
            metadata = parse_metadata(clean_record(path.read_bytes()), path.name)
        except (BadLabel, OSError):
            read.refused += 1
            continue
        read.photos += 1
        read.unknown.update(f"{key}: {answer}" for key, answer in metadata.unknown.items())
        sites.add(name.site)
        seen = {c: max(grades[c], seen.get(c, Severity.NONE)) for c in Condition}
    case = _case(session, seen, metadata, _in_order(ScalpSite, sites)) if metadata else None
    read.incomplete += case is None
    return case


def _case(
    session: str,
    grades: Mapping[Condition, Severity],
    metadata: PhotoMetadata,
    sites: tuple[ScalpSite, ...],
) -> Case | None:
    age = age_band(metadata.age or "")
    answers = (
        metadata.shampoo_frequency,
        metadata.perm_frequency,
        metadata.dye_frequency,
        metadata.hair_state,
        metadata.purchase_priority,
    )
    wash, perm, dye, hair, priority = answers
    if not (age and wash and perm and dye and hair and priority):
        return None
    digest = hashlib.sha256(session.encode()).digest()
    rng = random.Random(digest)  # noqa: S311 - text, not secrets
    survey = SurveyAnswers(
        shampoo_frequency=wash,
        perm_frequency=perm,
        dye_frequency=dye,
        hair_state=hair,
        products=metadata.products,
        wants_custom_care=bool(metadata.wants_custom_care),
        purchase_priority=priority,
        symptoms=_symptoms(rng),
        circumstances=_circumstances(rng, age, metadata.gender),
    )
    return Case(grades, survey, age, metadata.gender, sites)


def age_band(age: str) -> AgeBand | None:
    """The band of ``30대``, ``30-`` or ``60대 이상``."""
    digits = "".join(char for char in age if char.isdigit())
    bands = tuple(AgeBand)
    return bands[min(max(int(digits) // 10 - 1, 0), len(bands) - 1)] if digits else None


def _random_grades(rng: random.Random) -> dict[Condition, Severity | None]:
    clear = rng.choice(CLEAR_SHARES)
    return {condition: _random_grade(rng, clear) for condition in Condition}


def _random_grade(rng: random.Random, clear: float) -> Severity | None:
    if rng.random() < ABSTAINED_SHARE:
        return None
    if rng.random() < clear:
        return Severity.NONE
    return Severity(rng.choices(list(GRADE_WEIGHTS), list(GRADE_WEIGHTS.values()))[0])


def _random_survey(rng: random.Random, age: AgeBand, gender: Gender | None) -> SurveyAnswers:
    never = TreatmentFrequency.NEVER
    perm, dye = (rng.choice([never, *TreatmentFrequency]) for _ in range(2))
    return SurveyAnswers(
        shampoo_frequency=rng.choice(list(ShampooFrequency)),
        perm_frequency=perm,
        dye_frequency=dye,
        hair_state=_hair(rng, perm, dye),
        products=tuple(_in_order(HairProduct, rng.sample(list(HairProduct), rng.randint(0, 4)))),
        wants_custom_care=rng.random() < 0.4,
        purchase_priority=rng.choice(list(PurchasePriority)),
        symptoms=_symptoms(rng),
        circumstances=_circumstances(rng, age, gender),
    )


def _hair(rng: random.Random, perm: TreatmentFrequency, dye: TreatmentFrequency) -> HairState:
    """Permed or dyed hair is mostly of people who perm or dye."""
    never, states = TreatmentFrequency.NEVER, set(HairState)
    if rng.random() > TRANSPLANTED_SHARE:
        states -= {HairState.TRANSPLANT_OR_PROCEDURE}
    if rng.random() < 0.9:
        states -= {HairState.PERMED} if perm is never else set()
        states -= {HairState.DYED} if dye is never else set()
    return rng.choice(_in_order(HairState, states))


def _symptoms(rng: random.Random) -> tuple[Symptom, ...]:
    """Mostly none; where some, mostly those that many people know."""
    count = rng.choice((0, 0, 0, 0, 0, 1, 1, 2))
    often = [Symptom.ITCHING, Symptom.ITCHING, Symptom.BURNING] * 4
    return _in_order(Symptom, rng.sample([*Symptom, *often], count))


def _circumstances(
    rng: random.Random, age: AgeBand, gender: Gender | None
) -> tuple[Circumstance, ...]:
    may = set(Circumstance)
    if gender is Gender.MALE or age not in MOTHERS:
        may -= {Circumstance.PREGNANT, Circumstance.NURSING}
    some = rng.sample(_in_order(Circumstance, may), rng.choice((*[0] * 9, 1)))
    return _in_order(Circumstance, some)


def _in_order(kind: type[T], values: Iterator[T] | set[T] | list[T]) -> tuple[T, ...]:
    """``values``, each once, in the order of their kind."""
    chosen = set(values)
    return tuple(value for value in kind if value in chosen)  # type: ignore[attr-defined]
