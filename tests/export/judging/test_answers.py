"""Of which kind a photo is."""

from pathlib import Path

import pytest

from export.data.items import Item
from export.judging.answers import kind_of

pytestmark = pytest.mark.ml


def item(path: str, grades: tuple[int, ...] = ()) -> Item:
    return Item(Path(path), "group", "device", grades, "0")


def test_strangers_are_of_the_kind_of_their_folder() -> None:
    assert kind_of(item("set/strangers/fur/1.jpg")) == "fur"
    assert kind_of(item("set/strangers/1.jpg")) == "of mixed kinds"
    assert kind_of(item("set/photos/1.jpg", (0,) * 6)) == "scalp"
