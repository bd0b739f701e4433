"""What accounts ask of the store, against known answers, on whatever store is set."""

import asyncio
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from dupi.accounts.people import STAYING
from tests.store.conftest import Things

BORN = 1991


async def test_who_has_left_is_left_out_of_writes(things: Things) -> None:
    await things.insert_many(
        [{"_id": "stays", "birth_year": BORN}, {"_id": "left", "birth_year": 0}]
    )
    for name, matched in (("stays", 1), ("left", 0)):
        done = await things.update_one({"_id": name} | STAYING, {"$set": {"n": 1}})
        assert done.matched_count == matched
        replaced = await things.replace_one({"_id": name} | STAYING, {"_id": name, "n": 2})
        assert replaced.matched_count == matched
    rows = await things.find({}, sort=[("_id", ASCENDING)]).to_list()
    assert rows == [{"_id": "left", "birth_year": 0}, {"_id": "stays", "n": 2}]


async def test_a_mail_is_queued_in_the_write_that_causes_it(things: Things) -> None:
    """Also in documents that never had one."""
    await things.insert_one({"_id": "a", "email": "a@example.com", "birth_year": BORN})
    queued = {"mails.RESET": {"id": "1", "at": 5}, "due": 1, "hash": "h"}
    update = {"$set": queued, "$inc": {"revision": 1}}
    await things.update_one({"email": "a@example.com"} | STAYING, update)
    nobody = await things.update_one({"email": "b@example.com"} | STAYING, update)
    assert nobody.matched_count == 0
    assert await things.find({}).to_list() == [
        {
            "_id": "a",
            "email": "a@example.com",
            "birth_year": BORN,
            "mails": {"RESET": {"id": "1", "at": 5}},
            "due": 1,
            "hash": "h",
            "revision": 1,
        }
    ]
    await things.update_one({"_id": "a", "revision": 1}, {"$set": {"mails": {}, "due": 0}})
    late = await things.update_one({"_id": "a", "revision": 0}, {"$set": {"mails": {"X": 1}}})
    assert late.matched_count == 0
    [row] = await things.find({}).to_list()
    assert (row["mails"], row["due"]) == ({}, 0)


async def test_what_is_due_is_claimed_once_the_longest_waiting_first(things: Things) -> None:
    await things.create_indexes([IndexModel([("due", ASCENDING)], name="due")])
    await things.insert_many([{"_id": f"{n:02d}", "due": n} for n in range(20)])
    await things.insert_one({"_id": "never", "due": 0})
    claimed: list[str] = []

    async def claim() -> None:
        while row := await things.find_one_and_update(
            {"due": {"$gt": 0, "$lte": 10}},
            {"$set": {"due": 1000}},
            sort=[("due", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        ):
            claimed.append(row["_id"])

    await asyncio.gather(*(claim() for _ in range(4)))
    assert sorted(claimed) == [f"{n:02d}" for n in range(1, 11)]
    assert claimed[0] == "01"


async def test_a_token_is_spent_once(things: Things) -> None:
    token = {"hash": "h", "expires": 10, "count": 0}
    await things.insert_one({"_id": "a", "birth_year": BORN, **token})

    async def spend() -> Any:
        return await things.find_one_and_update(
            {"_id": "a", "hash": "h", "expires": {"$gt": 5}} | STAYING,
            {"$set": {"hash": "", "expires": 0}, "$inc": {"count": 1}},
            return_document=ReturnDocument.AFTER,
        )

    spent = await asyncio.gather(*(spend() for _ in range(8)))
    after = {"hash": "", "expires": 0, "count": 1}
    assert [row for row in spent if row] == [{"_id": "a", "birth_year": BORN, **after}]


async def test_all_but_one_are_deleted(things: Things) -> None:
    await things.insert_many([{"_id": f"{n}", "user_id": "ab"[n % 2]} for n in range(6)])
    done = await things.delete_many({"user_id": "a", "_id": {"$ne": "2"}})
    assert done.deleted_count == 2
    rows = await things.find({}, sort=[("_id", ASCENDING)]).to_list()
    assert [row["_id"] for row in rows] == ["1", "2", "3", "5"]
