"""One synthetic photo: whose it is, what is on it, and how it is taken."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from dupi.knowledge.labels import PhotoName
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing import Scene, Setting, draw_scalp
from export.data.drawing.devices import Device, pick_device
from export.data.drawing.grades import NO_CONDITION, Grades, sample_amounts
from export.data.drawing.nuisances import choose_some
from export.data.drawing.person import Person, some_person
from export.data.drawing.sampling import MIXES, Purpose, mislabel, sample_grades
from export.data.drawing.scalp import Lesions
from export.data.extents import Extents, encoded
from export.data.records import POSITIONS

WIDTH: Final = 320
KEPT_SEED: Final = 20_261_124
"""Of the drawings of wanted grades; refused as a data set's."""
_SITES: Final = tuple(ScalpSite)
_OPERATORS: Final = {Purpose.TRAINING: (1, 40), Purpose.TEST: (40, 60)}
_HARD_CASES: Final = ((Setting.FULL_HAIR, 0.15), (Setting.HAIRLINE, 0.10))


@dataclass(frozen=True, slots=True)
class Drawn:
    """``grades`` as drawn; ``labels`` as they are written down, some of them wrongly in training;
    ``lesions``: where each condition was drawn, bool [height, width]; ``extents``: how much of it
    (``export.data.extents``); ``quality`` of the JPEG."""

    name: PhotoName
    grades: Grades
    labels: Grades
    photo: Image.Image
    lesions: Lesions
    extents: Extents
    quality: int
    person: Person


@dataclass(frozen=True, slots=True)
class _Session:
    """One person at one device; its photos are of the four sites."""

    person: Person
    device: Device
    operator: int
    taken_at_ms: int

    @classmethod
    def of(cls, seed: int, number: int, purpose: Purpose) -> "_Session":
        rng = np.random.default_rng([seed, 1, number])
        return cls(
            person=some_person(rng),
            device=pick_device(rng, purpose),
            operator=int(rng.integers(*_OPERATORS[purpose])),
            taken_at_ms=1_590_000_000_000 + int(rng.integers(10**10)),
        )

    def name(self, site: ScalpSite) -> PhotoName:
        return PhotoName(
            operator=f"{self.operator:04d}",
            device=self.device.serial,
            taken_at_ms=str(self.taken_at_ms),
            position=POSITIONS[site],
            site=site,
        )


def draw(
    seed: int, number: int, *, purpose: Purpose = Purpose.TRAINING, width: int = WIDTH
) -> Drawn:
    """Photo ``number`` of the set of ``seed``; each four are one session, a photo a site."""
    session, site = _Session.of(seed, number // 4, purpose), _SITES[number % 4]
    rng = np.random.default_rng([seed, 2, number])
    grades = sample_grades(rng, purpose)
    return _draw(session, site, grades, rng, _Taking(purpose, width))


def draw_alone(condition: Condition, severity: Severity, seed: int, *, width: int = WIDTH) -> Drawn:
    """A photo with that condition only, by a device of test sets. ``NONE`` of the same seed is its
    twin: the same scene without the lesions."""
    return draw_wanted({**NO_CONDITION, condition: severity}, seed, width=width)


def draw_wanted(
    grades: Grades,
    seed: int,
    *,
    site: ScalpSite | None = None,
    width: int = WIDTH,
    is_plain: bool = False,
) -> Drawn:
    """A photo with these grades, by a device of test sets; ``is_plain``: with no nuisances in it.

    No data set is drawn from the same chance, whatever its seed.
    """
    session = _Session.of(KEPT_SEED, seed, Purpose.TEST)
    rng = np.random.default_rng([KEPT_SEED, 2, seed])
    place = site or _SITES[seed % len(_SITES)]
    return _draw(session, place, grades, rng, _Taking(Purpose.TEST, width, is_plain, False))


@dataclass(frozen=True, slots=True)
class _Taking:
    """How a photo is taken, beside what is on it."""

    purpose: Purpose
    width: int
    is_plain: bool = False
    may_be_hard: bool = True


def _draw(
    session: _Session, site: ScalpSite, grades: Grades, rng: np.random.Generator, taking: _Taking
) -> Drawn:
    chances = [np.random.default_rng(seed) for seed in rng.integers(2**62, size=4)]
    ambiguous = MIXES[taking.purpose].ambiguous
    amounts = sample_amounts(grades, chances[0], ambiguous=ambiguous)
    setting = _setting(grades, chances[1]) if taking.may_be_hard else Setting.USUAL
    nuisances = frozenset[str]() if taking.is_plain else choose_some(chances[1])
    scene = Scene(amounts, session.person, site, session.device, setting, nuisances)
    scalp = draw_scalp(scene, chances[2], width=taking.width)
    labels = mislabel(grades, chances[3], taking.purpose)
    extents = encoded([scalp.extents[condition] for condition in Condition])
    return Drawn(
        name=session.name(site),
        grades=grades,
        labels=labels,
        photo=scalp.photo,
        lesions=scalp.lesions,
        extents=extents,
        quality=session.device.quality,
        person=session.person,
    )


def _setting(grades: Grades, rng: np.random.Generator) -> Setting:
    """Hard cases only where they hide or feign no condition."""
    place = rng.random()
    for setting, share in _HARD_CASES:
        if place < share and not any(grades.values()):
            return setting
        place -= share
    return Setting.USUAL
