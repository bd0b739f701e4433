"""No session, device, content or picture on two sides; rare grades on every side; nothing moves
into a later test that was trained on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.data.items import Item, Split
from export.data.splits import SplitBy, refuse_leaks, split_items
from tests.export.data.making import item, random_picture

NONE = (0,) * 6
SEVERE = (0, 0, 0, 0, 0, 3)


def sessions(count: int, grades: tuple[int, ...] = NONE, *, called: str = "s") -> list[Item]:
    """Three photos each, five sessions a device."""
    return [
        item(n, group=f"{called}{n // 3}", device=f"{called}-d{n // 15}", grades=grades)
        for n in range(3 * count)
    ]


def sides(items: Sequence[Item], by: SplitBy = SplitBy.SESSION) -> dict[str, Split]:
    """By digest."""
    return {i.digest: split for split, part in split_items(items, by).items() for i in part}


@pytest.mark.parametrize("by", [SplitBy.SESSION, SplitBy.DEVICE])
def test_a_session_or_device_never_lies_on_two_sides(by: SplitBy) -> None:
    """Regression: splits of the published data leak where photos are dealt out one by one."""
    items = sessions(400)
    parts = split_items(items, by)
    assert sum(map(len, parts.values())) == len(items)
    assert all(parts.values())
    for kind in ("group", *(["device"] if by is SplitBy.DEVICE else [])):
        seen = [{getattr(i, kind) for i in part} for part in parts.values()]
        assert len(set.union(*seen)) == sum(map(len, seen))
    assert len(parts[Split.TRAINING]) > 0.7 * len(items)


@pytest.mark.parametrize("by", [SplitBy.SESSION, SplitBy.DEVICE])
def test_one_content_in_two_sessions_brings_both_to_one_side(by: SplitBy) -> None:
    """Regression: exact duplicates lie under several names, on both sides as often as not."""
    items = sessions(300)
    parts = split_items(items, by)
    trained, tested = parts[Split.TRAINING][0], parts[Split.TEST][0]
    shared = [replace(one, digest="same") if one in (trained, tested) else one for one in items]
    together = {
        split
        for split, part in split_items(shared, by).items()
        for one in part
        if one.group in {trained.group, tested.group}
    }
    assert len(together) == 1


def test_devices_that_share_a_session_are_one() -> None:
    items = sessions(300)
    parts = split_items(items, SplitBy.DEVICE)
    trained, tested = parts[Split.TRAINING][0], parts[Split.TEST][0]
    shared = [replace(one, group=trained.group) if one is tested else one for one in items]
    together = {
        split
        for split, part in split_items(shared, SplitBy.DEVICE).items()
        for one in part
        if one.device in {trained.device, tested.device}
    }
    assert len(together) == 1


def test_rare_grades_reach_every_side() -> None:
    """By the hash alone, every third such data set would have no severe session in its test."""
    for number in range(20):
        called = f"set{number}-"
        items = sessions(200, called=called) + sessions(12, SEVERE, called=f"{called}severe")
        for split, part in split_items(items).items():
            held = {i.group for i in part if i.grades == SEVERE}
            assert len(held) >= 3, (split, held)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_what_was_trained_on_comes_into_no_later_test(data: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = sessions(80, called=f"{seed}-") + sessions(12, SEVERE, called=f"{seed}x")
    grown = start + sessions(data.draw(st.integers(1, 60)), SEVERE, called=f"{seed}y")
    before = sides(start)
    after = sides([grown[place] for place in rng.permutation(len(grown))])
    for digest, split in before.items():
        if split is Split.TRAINING:
            assert after[digest] is Split.TRAINING


def test_without_rare_grades_nothing_moves_at_all() -> None:
    small, large = sides(sessions(100)), sides(sessions(400))
    assert all(large[digest] is split for digest, split in small.items())


@pytest.mark.parametrize("kind", ["group", "digest", "device", "picture"])
def test_leaks_are_refused(kind: str) -> None:
    """Regression: no session, no content, no device and no picture crosses a split."""
    picture = random_picture(np.random.default_rng(0))
    near = f"{int(picture[:16], 16) ^ 0b101:016x}{picture[16:]}"
    one = replace(item(1, group="a", device="x"), picture=picture)
    other = {
        "group": item(2, group="a", device="y"),
        "digest": item(2, group="b", device="y", digest="a-1"),
        "device": item(2, group="b", device="x"),
        "picture": replace(item(2, group="b", device="y"), picture=near),
    }[kind]
    parts = {Split.TRAINING: [one], Split.CALIBRATION: [], Split.TEST: [other]}
    with pytest.raises(ValueError, match=f"{kind} lies in two splits"):
        refuse_leaks(parts, SplitBy.DEVICE)


def in_folder(place: str, one: Item) -> Item:
    return replace(one, path=Path(place) / one.path.name)


def test_the_folders_of_the_data_set_may_be_kept_as_splits() -> None:
    training = [in_folder("1.Training/탈모", one) for one in sessions(200)]
    validation = [in_folder("2.Validation/탈모", one) for one in sessions(20, called="v")]
    crossing = in_folder("2.Validation/비듬", item(900, group="s0", device="d"))
    parts = split_items([*training, *validation, crossing], SplitBy.FOLDERS)
    assert {i.path.parts[0] for i in parts[Split.TEST]} == {"2.Validation"}
    assert len(parts[Split.TEST]) == 61
    assert parts[Split.CALIBRATION]
    assert parts[Split.VALIDATION]
    trained = {i.group for i in parts[Split.TRAINING]}
    assert "s0" not in trained, "a session that Validation holds is not trained on"
    with pytest.raises(ValueError, match="Validation"):
        split_items(training, SplitBy.FOLDERS)
