"""What promoting and shadowing rely on, on whatever store is set."""

import asyncio

import pytest
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from tests.store.conftest import Things


async def test_of_many_updates_to_one_unique_value_one_holds(things: Things) -> None:
    """The others are refused: MongoDB says so, the embedded store answers with no document."""
    await things.create_index([("slot", 1)], name="slot", unique=True)
    await things.insert_many([{"_id": name, "slot": name, "state": "P"} for name in "abcdef"])

    async def take(name: str) -> bool:
        try:
            row = await things.find_one_and_update(
                {"_id": name, "state": "P"},
                {"$set": {"slot": "after x", "state": "L"}},
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            return False
        assert row in (None, {"_id": name, "slot": "after x", "state": "L"})
        return row is not None

    taken = await asyncio.gather(*(take(name) for name in "abcdef"))
    assert sum(taken) == 1
    rows = await things.find({}).to_list()
    assert sorted(row["state"] for row in rows) == ["L", *"PPPPP"]
    assert sum(row["slot"] == "after x" for row in rows) == 1
    with pytest.raises(DuplicateKeyError):
        await things.insert_one({"_id": "g", "slot": "after x"})


async def test_counters_below_a_field_add_up(things: Things) -> None:
    await things.insert_one({"_id": "s", "counts": {"0_0": 0, "0_1": 2}, "sums": {"0": 0.0}})
    change = {"$inc": {"counts.0_0": 1, "counts.3_3": 2, "sums.0": 0.25}}
    await asyncio.gather(*(things.update_one({"_id": "s"}, change) for _ in range(20)))
    row = await things.find_one({"_id": "s"})
    assert row is not None
    assert row["counts"] == {"0_0": 20, "0_1": 2, "3_3": 40}
    assert row["sums"] == {"0": 5.0}


async def test_all_that_came_before_is_changed_at_once(things: Things) -> None:
    rows = [{"_id": str(n), "number": n, "state": "L" if n != 2 else "F"} for n in range(1, 5)]
    await things.insert_many(rows)
    where = {"state": "L", "number": {"$lt": 4}}
    await things.update_many(where, {"$set": {"state": "R", "at": 7}})
    found = await things.find({}).sort("number", 1).to_list()
    assert [row["state"] for row in found] == ["R", "F", "R", "L"]
    lately = await things.find({"state": "R", "at": {"$gt": 6}}).to_list()
    assert len(lately) == 2
