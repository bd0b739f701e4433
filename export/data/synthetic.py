"""Draws a synthetic data set in the AI-Hub scalp data set's file format.

    python -m export.data.synthetic FOLDER --count 16000 --workers 2
    python -m export.data.synthetic FOLDER --count 3000 --strangers 1300 --seed 77 --purpose test

writes ``photos/<stem>.jpg``, ``labels/<stem>.json`` and ``labels/<stem>_META.json``, how much of
each condition lies where into ``extents/<stem>.png``, and photos that are no scalp into
``strangers/<kind>/``. A photo depends on purpose, seed, number and width
only, whatever the number of workers; photos that are there already are kept, so that an interrupted
run goes on. A training set is unbalanced and a few of its labels are wrong; a test set's are right,
every grade is common in it, and its devices took no photo of a training set
(``export.data.drawing.sampling``, ``.devices``).

Photos are 320 × 240 where no width is given: that is more than the models see, and a quarter of the
time and space of the microscope's 640 × 480.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from dupi.knowledge.labels import PhotoName
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from export.data.drawing import Scene, Setting, draw_scalp, draw_stranger, pick_kind
from export.data.drawing.devices import Device, pick_device
from export.data.drawing.grades import NO_CONDITION, Grades, sample_amounts
from export.data.drawing.nuisances import choose_some
from export.data.drawing.person import Person, some_person
from export.data.drawing.sampling import MIXES, Purpose, mislabel, sample_grades
from export.data.drawing.scalp import Lesions
from export.data.extents import Extents, encoded, write_extents
from export.data.items import EXTENTS
from export.data.records import POSITIONS, label_record, metadata_record, write_record

PHOTOS, LABELS, STRANGERS = "photos", "labels", "strangers"
WIDTH = 320
_STRANGERS_PER_PHOTO = 0.2
_SITES = tuple(ScalpSite)
_OPERATORS = {Purpose.TRAINING: (1, 40), Purpose.TEST: (40, 60)}
_WANTED = 20_261_124  # seed of the drawings of wanted grades; refused as a data set's
_HARD_CASES = ((Setting.FULL_HAIR, 0.15), (Setting.HAIRLINE, 0.10))


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
    session = _Session.of(_WANTED, seed, Purpose.TEST)
    rng = np.random.default_rng([_WANTED, 2, seed])
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


@dataclass(frozen=True, slots=True)
class _DataSet:
    """Where photos are written, and what they depend on beside their numbers."""

    folder: Path
    seed: int
    purpose: Purpose
    width: int

    def mark(self, number: int) -> str:
        """What a photo depends on, so that sets that share a folder keep apart."""
        return f"{self.purpose}-{self.seed}-{self.width}-{number}"

    def write_photo(self, number: int) -> None:
        mark = self.folder / LABELS / f".{self.mark(number)}.done"
        if mark.exists():
            return
        drawn = draw(self.seed, number, purpose=self.purpose, width=self.width)
        labels, stem = self.folder / LABELS, str(drawn.name)
        drawn.photo.save(self.folder / PHOTOS / f"{stem}.jpg", quality=drawn.quality)
        write_extents(self.folder / EXTENTS / f"{stem}.png", drawn.extents)
        rng = np.random.default_rng([self.seed, 3, number // 4])
        answers = metadata_record(drawn.name.site, drawn.person, rng)
        write_record(labels / f"{stem}_META.json", answers)
        write_record(labels / f"{stem}.json", label_record(drawn.name, drawn.labels))
        mark.touch()

    def write_stranger(self, number: int) -> None:
        rng = np.random.default_rng([self.seed, 4, number])
        kind, device = pick_kind(rng, self.purpose), pick_device(rng, self.purpose)
        path = self.folder / STRANGERS / kind / f"{self.mark(number)}.jpg"
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        partial_path = path.with_suffix(".partial")  # a half-written photo must not count as there
        photo = draw_stranger(kind, device, rng, width=self.width)
        photo.save(partial_path, format="JPEG", quality=device.quality)
        partial_path.replace(path)


def write_dataset(  # noqa: PLR0913 (its size, its kind and how it is made)
    folder: Path,
    *,
    count: int,
    seed: int,
    purpose: Purpose = Purpose.TRAINING,
    workers: int = 1,
    strangers: int | None = None,
    width: int = WIDTH,
) -> None:
    """``count`` scalp photos with their labels, and ``strangers``: a fifth as many where None.

    Raises ``ValueError`` for the seed that is kept for wanted grades.
    """
    if seed == _WANTED:
        raise ValueError(f"seed {seed} is kept for drawings that no data set may hold")
    for part in (PHOTOS, LABELS, STRANGERS, EXTENTS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if strangers is None:
        strangers = round(count * _STRANGERS_PER_PHOTO)
    data_set = _DataSet(folder, seed, purpose, width)
    writing = {"photos": (data_set.write_photo, count)}
    writing["strangers"] = (data_set.write_stranger, strangers)
    for what, (write, of) in writing.items():
        for _ in track(_written(write, of, workers), what, total=of):
            pass


def _written(write: Callable[[int], None], count: int, workers: int) -> Iterator[None]:
    if workers == 1:
        yield from map(write, range(count))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(write, range(count), chunksize=8)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=16_000)
    parser.add_argument("--strangers", type=int, help="a fifth of --count where not given")
    parser.add_argument("--purpose", type=Purpose, choices=list(Purpose), default=Purpose.TRAINING)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=WIDTH, help="in pixels; 4:3")
    parser.add_argument("--workers", type=int, default=1)
    write_dataset(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
