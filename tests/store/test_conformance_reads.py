"""Every form of reading that the platform uses, against known answers, on whatever store is set.

A form that is not here is not used: add it here first.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import ASCENDING, DESCENDING, IndexModel

from tests.store.conftest import Things

START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def thing(number: int, **more: Any) -> dict[str, Any]:
    return {
        "_id": f"id-{number:03d}",
        "owner_id": f"owner-{number % 3}",
        "sort_key": f"{number:05d}",
        "number": number,
        "status": ("QUEUED", "COMPLETED")[number % 2],
        "sites": ["CROWN", "LEFT"] if number % 4 == 0 else ["BACK"],
        "created_at": START + timedelta(seconds=number),
        **more,
    }


@pytest.fixture
async def thirty(things: Things) -> Things:
    await things.insert_many([thing(number) for number in range(30)])
    return things


async def numbers(things: Things, where: dict[str, Any], **options: Any) -> list[int]:
    return [row["number"] async for row in things.find(where, **options)]


async def test_a_document_comes_back_as_it_was_written(things: Things) -> None:
    written = thing(
        1,
        text="두피 \"quoted\" $dollar.dot 'single' \U0001f9d1",
        nothing=None,
        ratio=0.1234567890123456,
        big=2**53,
        yes=True,
        nested={"list": [{"a": 1, "at": START}, {"b": [1.5, "x", None]}], "empty": {}, "none": []},
    )
    await things.insert_one(dict(written))
    assert await things.find_one({"_id": "id-001"}) == written


async def test_absent_is_none(thirty: Things) -> None:
    assert await thirty.find_one({"_id": "nobody"}) is None
    assert await thirty.find_one({"_id": "id-001", "owner_id": "owner-2"}) is None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"owner_id": "owner-1", "number": {"$lt": 8}}, [1, 4, 7]),
        ({"number": {"$gte": 5, "$lt": 8}}, [5, 6, 7]),
        ({"number": {"$gt": 27, "$lte": 29}}, [28, 29]),
        ({"sort_key": {"$gt": "00026"}}, [27, 28, 29]),
        ({"sort_key": {"$gt": "00020", "$gte": "00022", "$lt": "00024"}}, [22, 23]),
        ({"_id": {"$in": ["id-003", "id-005", "nobody"]}}, [3, 5]),
        ({"number": {"$nin": list(range(2, 30))}}, [0, 1]),
        ({"number": {"$lt": 4}, "status": {"$ne": "QUEUED"}}, [1, 3]),
        ({"sites": "LEFT", "number": {"$lt": 10}}, [0, 4, 8]),
        ({"$or": [{"number": 3}, {"owner_id": "owner-0", "number": {"$gt": 25}}]}, [3, 27]),
        ({"absent": {"$exists": False}, "number": {"$lt": 2}}, [0, 1]),
        ({"status": {"$in": ["QUEUED"]}, "number": {"$lte": 4}}, [0, 2, 4]),
    ],
)
async def test_filters(thirty: Things, where: dict[str, Any], expected: list[int]) -> None:
    assert await numbers(thirty, where, sort=[("sort_key", ASCENDING)]) == expected


async def test_sort_and_limit(thirty: Things) -> None:
    where = {"owner_id": "owner-0"}
    assert await numbers(thirty, where, sort=[("sort_key", DESCENDING)], limit=3) == [27, 24, 21]
    assert await numbers(thirty, where, sort=[("sort_key", ASCENDING)], limit=3) == [0, 3, 6]


async def test_sort_by_two_fields(thirty: Things) -> None:
    found = await numbers(
        thirty, {"number": {"$lt": 5}}, sort=[("status", ASCENDING), ("sort_key", DESCENDING)]
    )
    assert found == [3, 1, 4, 2, 0]


async def test_a_projection_leaves_fields_out(things: Things) -> None:
    await things.insert_one(thing(1, events={"1": {"sequence": 1}}, plan={"text": "쉬기"}))
    row = await things.find_one({"_id": "id-001"}, {"events": 0})
    assert row == thing(1, plan={"text": "쉬기"})
    [listed] = await things.find({}, {"events": 0, "plan": 0}).to_list()
    assert listed == thing(1)


async def test_a_projection_keeps_fields(things: Things) -> None:
    await things.insert_one(thing(1, events={"1": {"sequence": 1}}))
    row = await things.find_one({"_id": "id-001"}, {"status": 1, "number": 1})
    assert row == {"_id": "id-001", "status": "COMPLETED", "number": 1}


async def test_ids_alone(thirty: Things) -> None:
    found = thirty.find({"sites": "LEFT", "owner_id": "owner-0"}, {"_id": 1}).limit(2)
    assert await found.sort("sort_key", DESCENDING).to_list() == [
        {"_id": "id-024"},
        {"_id": "id-012"},
    ]
    assert await thirty.find_one({"_id": "id-001"}, {"_id": 1}) == {"_id": "id-001"}


async def test_indexed_fields_are_found_beside_lists(thirty: Things) -> None:
    """Lists themselves are never indexed: an embedded store then finds nothing in them."""
    await thirty.create_indexes(
        [IndexModel([("owner_id", ASCENDING), ("sort_key", DESCENDING)], name="owner_newest")]
    )
    where = {"owner_id": "owner-0", "sites": "LEFT"}
    assert await numbers(thirty, where, sort=[("sort_key", DESCENDING)]) == [24, 12, 0]


async def test_counts(thirty: Things) -> None:
    assert await thirty.count_documents({"status": "QUEUED"}) == 15
    assert await thirty.count_documents({"status": "QUEUED"}, limit=7) == 7
    assert await thirty.count_documents({"status": "NEVER"}) == 0


async def test_dates_in_a_range(thirty: Things) -> None:
    since, until = START + timedelta(seconds=3), START + timedelta(seconds=6)
    found = await numbers(
        thirty, {"created_at": {"$gte": since, "$lt": until}}, sort=[("sort_key", ASCENDING)]
    )
    assert found == [3, 4, 5]


async def test_an_inner_field_is_found(things: Things) -> None:
    await things.insert_many([thing(n, failure={"code": f"C{n}"}) for n in range(3)])
    assert await numbers(things, {"failure.code": "C1"}) == [1]
