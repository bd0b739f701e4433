"""Draws a synthetic data set in the AI-Hub scalp data set's file format.

    python -m export.data.synthetic var/data/synthetic --count 5000 --seed 1

writes ``photos/<stem>.jpg``, ``labels/<stem>.json`` and ``labels/<stem>_META.json``, and photos
that are no scalp into ``strangers/<kind>/``. A photo depends on the seed and its number only,
whatever the number of workers; photos that are there already are kept, so that an interrupted run
goes on.
"""

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from dupi.knowledge.labels import ENCODING, PhotoName
from dupi.knowledge.vocabulary import ScalpSite
from export.data.drawing import draw_scalp, draw_stranger, pick_kind
from export.data.drawing.grades import Grades, sample_grades

JPEG_QUALITY = 92
PHOTOS, LABELS, STRANGERS = "photos", "labels", "strangers"
_STRANGERS_PER_PHOTO = 0.2
_POSITIONS = {ScalpSite.CROWN: "2", ScalpSite.LEFT: "4", ScalpSite.RIGHT: "5", ScalpSite.BACK: "6"}
_QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("샴푸 사용 빈도", ("1일 1회", "1일 2회", "2일 1회", "1주일 1회")),
    ("펌 주기", ("하지않음", "1~3회/연", "4~6회/연", "7회 이상/연")),
    ("염색 주기 (자가 염색 포함)", ("하지않음", "1~3회/연", "4~6회/연", "7회 이상/연")),
    ("현재 모발 상태", ("자연 모발", "펌 모발", "염색 모발", "탈모 모발", "곱슬 모발")),
    (
        "현재 사용하고 있는 두피모발용 제품",
        ("샴푸", "샴푸, 린스", "샴푸, 트리트먼트", "샴푸, 두피세럼"),
    ),
    ("맞춤두피케어 제품사용을 희망하시나요", ("예", "아니오")),
    (
        "샴푸 구매시 중요시 고려하는 부분은 무엇인가요?",
        ("세정력", "두피자극", "머리결", "향", "헹굼후느낌", "가격"),
    ),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    name: PhotoName
    grades: Grades
    photo: Image.Image


def draw(seed: int, number: int) -> Drawn:
    """Photo ``number`` of the set of ``seed``; each four are one session, a photo a site."""
    session = np.random.default_rng([seed, 1, number // 4])
    operator, device, moment = session.integers((1, 0, 0), (40, 60, 10**10)).tolist()
    site = tuple(ScalpSite)[number % 4]
    name = PhotoName(
        operator=f"{operator:04d}",
        device=f"A2LEBJJDE{device:05d}O",
        taken_at_ms=str(1_590_000_000_000 + moment),
        position=_POSITIONS[site],
        site=site,
    )
    rng = np.random.default_rng([seed, 2, number])
    grades = sample_grades(rng)
    return Drawn(name, grades, draw_scalp(grades, rng))


def label_record(name: PhotoName, grades: Grades) -> dict[str, str]:
    values = {condition.label_key: str(int(grade)) for condition, grade in grades.items()}
    return {"image_id": str(name), "image_file_name": f"{name}.jpg", **values}


def metadata_record(name: PhotoName, rng: np.random.Generator) -> dict[str, str]:
    record = {
        "gender": str(rng.choice(["남", "여"])),
        "age": f"{rng.integers(1, 7) * 10}대",
        "location": name.site.aihub_code,
    }
    for number, (question, choices) in enumerate(_QUESTIONS, start=1):
        record[f"question{number}"] = question
        record[f"answers{number}"] = str(rng.choice(choices))
    return record


def write_record(path: Path, record: dict[str, str]) -> None:
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding=ENCODING)


def _write_photo(folder: Path, seed: int, number: int) -> None:
    mark = folder / LABELS / f".{seed}-{number}.done"
    if mark.exists():
        return
    drawn = draw(seed, number)
    drawn.photo.save(folder / PHOTOS / f"{drawn.name}.jpg", quality=JPEG_QUALITY)
    answers = metadata_record(drawn.name, np.random.default_rng([seed, 3, number]))
    write_record(folder / LABELS / f"{drawn.name}_META.json", answers)
    write_record(folder / LABELS / f"{drawn.name}.json", label_record(drawn.name, drawn.grades))
    mark.touch()


def _write_stranger(folder: Path, seed: int, number: int) -> None:
    rng = np.random.default_rng([seed, 4, number])
    kind = pick_kind(rng)
    path = folder / STRANGERS / kind / f"{seed}-{number}.jpg"
    if not path.exists():
        photo = draw_stranger(rng, kind)
        path.parent.mkdir(exist_ok=True)
        photo.save(path, quality=JPEG_QUALITY)


def write_dataset(
    folder: Path, *, count: int, seed: int, workers: int = 1, strangers: int | None = None
) -> None:
    """``count`` scalp photos with their labels, and ``strangers``: a fifth as many where None."""
    for part in (PHOTOS, LABELS, STRANGERS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if strangers is None:
        strangers = round(count * _STRANGERS_PER_PHOTO)
    for _ in track(
        _written(partial(_write_photo, folder, seed), count, workers), "photos", total=count
    ):
        pass
    for _ in track(
        _written(partial(_write_stranger, folder, seed), strangers, workers),
        "strangers",
        total=strangers,
    ):
        pass


def _written(write: "partial[None]", count: int, workers: int) -> Iterator[None]:
    if workers == 1:
        yield from map(write, range(count))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(write, range(count), chunksize=8)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--strangers", type=int, help="a fifth of --count where not given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    write_dataset(
        given.folder,
        count=given.count,
        seed=given.seed,
        workers=given.workers,
        strangers=given.strangers,
    )


if __name__ == "__main__":
    main()
