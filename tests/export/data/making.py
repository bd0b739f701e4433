"""Tiny data sets in the AI-Hub format, made file by file in whichever layout a test wants."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from dupi.knowledge.labels import ENCODING
from export.data.items import Item
from tests.support.photos import encoded, scalp_picture

GRADES = (0, 1, 0, 0, 2, 3)


def stem(session: int = 0, *, device: int = 0, place: str = "2_TH") -> str:
    return f"0013_A2LEBJJDE{device:05d}O_{1602578303771 + session}_{place}"


@cache
def photo(seed: int = 0, *, quality: int = 90, width: int = 96) -> bytes:
    """A picture of its own for each seed; ``width`` and ``quality``: the same one, saved anew."""
    picture = scalp_picture(192, 144, seed=seed).resize((width, width * 3 // 4))
    return encoded(picture, quality=quality)


def label(name: str, grades: tuple[object, ...] = GRADES, **changes: object) -> bytes:
    values = {f"value_{n}": str(grade) for n, grade in enumerate(grades, start=1)}
    record = {"image_id": name, "image_file_name": f"{name}.jpg", **values, **changes}
    return json.dumps(record, ensure_ascii=False).encode(ENCODING)


def answers(site: str = "TH", **changes: str) -> bytes:
    record = {"gender": "여", "age": "20대", "location": site, "answers1": "1일 1회", **changes}
    return json.dumps(record, ensure_ascii=False).encode(ENCODING)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def whole(name: str, seed: int = 0, grades: tuple[int, ...] = GRADES) -> dict[str, bytes]:
    """Photo, label and answers of one name, side by side."""
    site = name[-2:]
    files = {f"{name}.jpg": photo(seed), f"{name}.json": label(name, grades)}
    return files | {f"{name}_META.json": answers(site)}


def item(
    number: int,
    *,
    group: str,
    device: str = "d",
    digest: str = "",
    grades: tuple[int, ...] = GRADES,
) -> Item:
    """A photo that lies nowhere."""
    return Item(Path(f"{number}.jpg"), group, device, grades, digest or f"{group}-{number}")


def random_picture(rng: np.random.Generator) -> str:
    """Perceptual hashes of nothing in particular."""
    return rng.bytes(40).hex()
