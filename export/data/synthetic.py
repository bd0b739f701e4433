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
from rich.progress import track

from export.data.drawing import draw_stranger, pick_kind
from export.data.drawing.devices import pick_device
from export.data.drawing.sampling import Purpose
from export.data.drawn import KEPT_SEED, WIDTH, draw
from export.data.extents import write_extents
from export.data.items import EXTENTS
from export.data.records import label_record, metadata_record, write_record

PHOTOS, LABELS, STRANGERS = "photos", "labels", "strangers"
_STRANGERS_PER_PHOTO = 0.2


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
    if seed == KEPT_SEED:
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
