"""The forms that the community board reads and counts by, against known answers."""

import asyncio
import re
from typing import Any

import pytest
from pymongo import DESCENDING, IndexModel

from tests.store.conftest import Things


@pytest.fixture
async def texts(things: Things) -> Things:
    await things.insert_many(
        {
            "_id": f"p{number}",
            "number": number,
            "author_id": f"u{number}",
            "is_hidden": number == 3,
            "grams": ["탈모", "모샴", ("짝", "홀")[number % 2]],
            "text": f"탈모샴푸 a.b (x) {number}",
            "counting": {},
            "likes": 0,
        }
        for number in range(6)
    )
    return things


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"grams": {"$all": ["탈모", "홀"]}}, [5, 3, 1]),
        ({"grams": {"$all": ["짝"]}, "number": {"$gt": 0}}, [4, 2]),
        ({"grams": {"$all": ["없음"]}}, []),
        ({"text": {"$regex": re.escape("(x) 3")}}, [3]),
        ({"text": {"$regex": re.escape("a_b")}}, []),
        ({"$and": [{"text": {"$regex": "모샴"}}, {"text": {"$regex": re.escape(") 4")}}]}, [4]),
        ({"grams": {"$all": ["탈모"]}, "$and": [{"text": {"$regex": "샴푸"}}], "number": 2}, [2]),
        ({"is_hidden": False, "author_id": {"$nin": ["u1", "u2"]}}, [5, 4, 0]),
        ({"is_hidden": True}, [3]),
    ],
)
async def test_filters(texts: Things, where: dict[str, Any], expected: list[int]) -> None:
    rows = await texts.find(where).sort("number", DESCENDING).to_list()
    assert [row["number"] for row in rows] == expected


async def test_a_compound_index_over_what_is_listed(texts: Things) -> None:
    await texts.create_indexes([IndexModel([("is_hidden", 1), ("number", -1)], name="newest")])
    rows = await texts.find({"is_hidden": False}).sort("number", DESCENDING).limit(2).to_list()
    assert [row["number"] for row in rows] == [5, 4]


async def test_an_operation_counts_once(texts: Things) -> None:
    """The inner key is part of the filter, and written by the same update."""

    async def count(name: str) -> int:
        done = await texts.update_one(
            {"_id": "p1", f"counting.{name}": {"$exists": False}, "is_hidden": False},
            {"$inc": {"likes": 1, "revision": 1}, "$set": {f"counting.{name}": True}},
        )
        return done.matched_count

    done = await asyncio.gather(*(count(f"o{number % 25}") for number in range(50)))
    row = await texts.find_one({"_id": "p1"})
    assert row
    assert (sum(done), row["likes"], len(row["counting"])) == (25, 25, 25)
    forgotten = await texts.update_one({"_id": "p1"}, {"$unset": {"counting.o3": ""}})
    assert forgotten.matched_count == 1
    assert await texts.find_one({"_id": "p1", "counting.o3": {"$exists": True}}) is None
    assert await texts.find_one({"_id": "p1", "counting.o4": {"$exists": True}}) is not None
