"""What claiming, cancelling, deleting and reporting rely on, on whatever store is set."""

import ast
import asyncio
from pathlib import Path

from pymongo import ReturnDocument

import dupi
from tests.store.conftest import Things


async def test_a_claim_that_shows_a_part_of_the_document(things: Things) -> None:
    await things.insert_many([{"_id": str(n), "lease": n, "events": {"1": n}} for n in (9, 5, 50)])
    taken = await things.find_one_and_update(
        {"lease": {"$lte": 10}},
        {"$set": {"lease": 60}, "$inc": {"attempt": 1}},
        {"events": 0},
        sort=[("_id", 1)],
        return_document=ReturnDocument.AFTER,
    )
    assert taken == {"_id": "5", "lease": 60, "attempt": 1}


async def test_a_deletion_heeds_every_condition(things: Things) -> None:
    await things.insert_many([{"_id": str(lease), "lease": lease} for lease in (5, 50, 500)])
    where = {"lease": {"$lte": 10}}
    deleted = [(await things.delete_one({"_id": i} | where)).deleted_count for i in ("5", "50")]
    assert deleted == [1, 0]
    assert sorted([row["_id"] async for row in things.find({})]) == ["50", "500"]


async def test_a_document_is_replaced_by_a_bare_one(things: Things) -> None:
    await things.insert_one({"_id": "a", "keeping": "DELETING", "lease": 5, "survey": {"x": 1}})
    where = {"_id": "a", "keeping": "DELETING"}
    bare = await things.find_one(where, {"keeping": 1, "lease": 1})
    assert bare is not None
    replaced = await things.replace_one(where, bare)
    assert replaced.matched_count == 1
    assert await things.find_one({"_id": "a"}) == {"_id": "a", "keeping": "DELETING", "lease": 5}


async def test_an_upsert_by_id_in_a_race_is_one_document(things: Things) -> None:
    async def report(number: int) -> None:
        await things.update_one({"_id": "w"}, {"$set": {"seen": number, "each": 0.5}}, upsert=True)

    await asyncio.gather(*(report(number) for number in range(8)), return_exceptions=True)
    [row] = await things.find({"seen": {"$gte": 0}}).to_list()
    assert row.keys() == {"_id", "seen", "each"}
    assert row["each"] == 0.5


async def test_a_truth_value_is_found(things: Things) -> None:
    await things.insert_many(
        [{"_id": "a", "owed": True}, {"_id": "b", "owed": False}, {"_id": "c"}]
    )
    assert [row["_id"] async for row in things.find({"owed": True})] == ["a"]


async def test_what_is_not_equal(things: Things) -> None:
    await things.insert_many([{"_id": "a", "keeping": "KEPT"}, {"_id": "b", "keeping": "ARRIVING"}])
    where = {"_id": {"$in": ["a", "b"]}, "keeping": {"$ne": "ARRIVING"}}
    assert [row["_id"] async for row in things.find(where)] == ["a"]


def test_no_filter_holds_alternatives() -> None:
    """In a write, the embedded store takes the last of them for the whole filter, and changes
    other documents: so none is written down anywhere in the domain."""
    for path in Path(str(dupi.__file__)).parent.rglob("*.py"):
        words = [
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant)
        ]
        assert "$or" not in words, path
