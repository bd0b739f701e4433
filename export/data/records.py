"""The label and metadata files of a drawn photo, as AI-Hub writes them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from dupi.knowledge.labels import ENCODING, PhotoName
from dupi.knowledge.vocabulary import ScalpSite
from export.data.drawing.grades import Grades
from export.data.drawing.person import Person

POSITIONS: Final[Mapping[ScalpSite, str]] = {
    ScalpSite.CROWN: "2", ScalpSite.LEFT: "4", ScalpSite.RIGHT: "5", ScalpSite.BACK: "6",
}  # fmt: skip
_STATE_OF_HAIR = 3
_QUESTIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("샴푸 사용 빈도", ("1일 1회", "1일 2회", "2일 1회", "1주일 1회")),
    ("펌 주기", ("하지않음", "1~3회/연", "4~6회/연", "7회 이상/연")),
    ("염색 주기 (자가 염색 포함)", ("하지않음", "1~3회/연", "4~6회/연", "7회 이상/연")),
    ("현재 모발 상태", ("자연 모발", "펌 모발")),
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


def label_record(name: PhotoName, grades: Grades) -> dict[str, str]:
    values = {condition.label_key: str(int(grade)) for condition, grade in grades.items()}
    return {"image_id": str(name), "image_file_name": f"{name}.jpg", **values}


def metadata_record(site: ScalpSite, person: Person, rng: np.random.Generator) -> dict[str, str]:
    """Answers of one person; the same ``rng`` state, the same answers at every site."""
    record = {
        "gender": str(rng.choice(["남", "여"])),
        "age": f"{rng.integers(1, 7) * 10}대",
        "location": site.aihub_code,
    }
    for number, (question, choices) in enumerate(_QUESTIONS, start=1):
        record[f"question{number}"] = question
        record[f"answers{number}"] = str(rng.choice(choices))
    return record | _state_of_hair(person)


def _state_of_hair(person: Person) -> dict[str, str]:
    """What is seen of the hair goes before what chance answered."""
    key = f"answers{_STATE_OF_HAIR + 1}"
    if person.curl > 0.5:
        return {key: "곱슬 모발"}
    return {key: "염색 모발"} if person.hair_type == "dyed" else {}


def write_record(path: Path, record: Mapping[str, str]) -> None:
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding=ENCODING)
