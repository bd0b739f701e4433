"""Every form of writing that the platform uses, against known answers, on whatever store is set."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from tests.store.conftest import Things


async def read(things: Things, record_id: str = "a") -> dict[str, Any]:
    row = await things.find_one({"_id": record_id})
    assert row is not None
    return row


async def test_an_id_is_unique(things: Things) -> None:
    await things.insert_one({"_id": "a", "n": 1})
    with pytest.raises(DuplicateKeyError):
        await things.insert_one({"_id": "a", "n": 2})
    assert await read(things) == {"_id": "a", "n": 1}


async def test_a_unique_index_has_one_winner_in_a_race(things: Things) -> None:
    await things.create_indexes([IndexModel([("email", ASCENDING)], unique=True, name="email")])

    async def insert(number: int) -> bool:
        try:
            await things.insert_one({"_id": f"id-{number}", "email": "one@example.com"})
        except DuplicateKeyError:
            return False
        return True

    assert sum(await asyncio.gather(*(insert(number) for number in range(16)))) == 1
    assert await things.count_documents({"email": "one@example.com"}) == 1


async def test_a_unique_index_holds_in_updates(things: Things) -> None:
    await things.create_indexes([IndexModel([("slot", ASCENDING)], unique=True, name="slot")])
    await things.insert_many([{"_id": "a", "slot": "1"}, {"_id": "b", "slot": "2"}])
    with pytest.raises(DuplicateKeyError):
        await things.update_one({"_id": "b"}, {"$set": {"slot": "1"}})
    await things.update_one({"_id": "a"}, {"$set": {"slot": "free"}})
    await things.update_one({"_id": "b"}, {"$set": {"slot": "1"}})
    assert (await read(things, "b"))["slot"] == "1"


async def test_indexes_are_made_twice_without_harm(things: Things) -> None:
    index = IndexModel([("owner_id", ASCENDING), ("sort_key", DESCENDING)], name="owner_newest")
    assert await things.create_indexes([index]) == ["owner_newest"]
    assert await things.create_indexes([index]) == ["owner_newest"]
    await things.insert_one({"_id": "a", "owner_id": "o", "sort_key": "1"})
    assert await things.count_documents({"owner_id": "o"}) == 1


async def test_set_inc_and_unset_in_one_update(things: Things) -> None:
    await things.insert_one({"_id": "a", "n": 1, "keep": "k", "drop": "d", "inner": {"x": 1}})
    result = await things.update_one(
        {"_id": "a"},
        {"$set": {"s": "문장", "inner.y": [1, {"z": 2}]}, "$inc": {"n": 2}, "$unset": {"drop": ""}},
    )
    assert (result.matched_count, result.modified_count) == (1, 1)
    assert await read(things) == {
        "_id": "a",
        "n": 3,
        "keep": "k",
        "s": "문장",
        "inner": {"x": 1, "y": [1, {"z": 2}]},
    }


async def test_an_update_that_matches_nothing_changes_nothing(things: Things) -> None:
    await things.insert_one({"_id": "a", "attempt": 2})
    result = await things.update_one({"_id": "a", "attempt": 1}, {"$set": {"attempt": 9}})
    assert result.matched_count == 0
    assert await read(things) == {"_id": "a", "attempt": 2}


async def test_a_claim_on_nothing_new_still_matches(things: Things) -> None:
    """A fence asks how many matched: an update that changes nothing matched all the same."""
    await things.insert_one({"_id": "a", "lease": 5, "claims": 2})
    result = await things.update_one({"_id": "a"}, {"$set": {"lease": 5}, "$inc": {"claims": 0}})
    assert result.matched_count == 1
    result = await things.update_one({"_id": "a"}, {"$set": {"lease": 0}, "$inc": {"claims": -1}})
    assert result.matched_count == 1
    assert await read(things) == {"_id": "a", "lease": 0, "claims": 1}


async def test_a_whole_step_in_one_update(things: Things) -> None:
    """Numbers, text, lists of records and events with their times, set at once."""
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    findings = [
        {"condition": "DANDRUFF", "probabilities": [0.125, 0.25, 0.5, 0.125], "severity": 2},
        {"condition": "HAIR_LOSS", "probabilities": [1.0, 0.0, 0.0, 0.0], "severity": None},
    ]
    events = {
        "7": {"sequence": 7, "at": at, "kind": "STATUS_CHANGED", "progress": 0.5},
        "8": {"sequence": 8, "at": at, "kind": "ADVICE_DELTA", "text": "두피를 '부드럽게'. \\n"},
    }
    await things.insert_one({"_id": "a", "next_sequence": 7, "events": {}, "findings": []})
    await things.update_one(
        {"_id": "a", "next_sequence": 7},
        {
            "$set": {"status": "ADVISING", "findings": findings, "failure": None}
            | {f"events.{number}": event for number, event in events.items()},
            "$inc": {"next_sequence": 2},
        },
    )
    assert await read(things) == {
        "_id": "a",
        "next_sequence": 9,
        "events": events,
        "findings": findings,
        "status": "ADVISING",
        "failure": None,
    }


async def test_null_is_written(things: Things) -> None:
    await things.insert_one({"_id": "a", "gender": "OTHER"})
    await things.update_one({"_id": "a"}, {"$set": {"gender": None}})
    assert await read(things) == {"_id": "a", "gender": None}


async def test_push_of_text_keeps_the_latest(things: Things) -> None:
    await things.insert_one({"_id": "a", "texts": []})
    for text in "wxyz":
        await things.update_one({"_id": "a"}, {"$push": {"texts": {"$each": [text], "$slice": -3}}})
    assert await read(things) == {"_id": "a", "texts": ["x", "y", "z"]}


async def test_pull_and_add_to_set(things: Things) -> None:
    await things.insert_one({"_id": "a", "texts": ["x", "y", "x"]})
    await things.update_one({"_id": "a"}, {"$pull": {"texts": "x"}})
    await things.update_one({"_id": "a"}, {"$addToSet": {"texts": "y"}})
    await things.update_one({"_id": "a"}, {"$addToSet": {"texts": "z"}})
    assert await read(things) == {"_id": "a", "texts": ["y", "z"]}


async def test_events_by_number_are_fenced_and_none_is_lost(things: Things) -> None:
    """An event and the state it tells of go in one update, fenced by attempt and number."""
    await things.insert_one({"_id": "a", "attempt": 1, "next_sequence": 1, "events": {}})

    async def append(writer: int, attempt: int) -> None:
        for _ in range(200):
            row = await read(things)
            number = row["next_sequence"]
            done = await things.update_one(
                {"_id": "a", "attempt": attempt, "next_sequence": number},
                {
                    "$set": {f"events.{number}": {"sequence": number, "writer": writer}},
                    "$inc": {"next_sequence": 1},
                },
            )
            if done.matched_count:
                return

    await asyncio.gather(*(append(writer, attempt=1) for writer in range(12)))
    before = await read(things)
    await things.update_one(
        {"_id": "a", "attempt": 0}, {"$set": {"events.1": {"sequence": 1, "writer": "late"}}}
    )
    after = await read(things)
    assert after == before
    assert after["next_sequence"] == 13
    assert [after["events"][str(n)]["sequence"] for n in range(1, 13)] == list(range(1, 13))
    assert {event["writer"] for event in after["events"].values()} == set(range(12))


async def test_sixteen_claimers_never_claim_one_twice(things: Things) -> None:
    await things.create_indexes(
        [IndexModel([("status", ASCENDING), ("lease", ASCENDING)], name="claimable")]
    )
    await things.insert_many(
        [
            {
                "_id": f"id-{n:02d}",
                "status": "QUEUED",
                "lease": 0,
                "attempt": 0,
                "sort_key": f"{n:02d}",
            }
            for n in range(48)
        ]
    )
    claimed: list[str] = []

    async def claim() -> None:
        while row := await things.find_one_and_update(
            {"status": {"$in": ["QUEUED", "CLASSIFYING"]}, "lease": {"$lt": 100}},
            {"$set": {"status": "CLASSIFYING", "lease": 1000}, "$inc": {"attempt": 1}},
            sort=[("sort_key", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        ):
            assert (row["status"], row["attempt"]) == ("CLASSIFYING", 1)
            claimed.append(row["_id"])

    await asyncio.gather(*(claim() for _ in range(16)))
    assert sorted(claimed) == [f"id-{n:02d}" for n in range(48)]
    assert claimed[0] == "id-00"


async def test_find_one_and_update_leaves_fields_out(things: Things) -> None:
    await things.insert_one({"_id": "a", "n": 1, "events": {"1": {}}})
    row = await things.find_one_and_update(
        {"_id": "a"},
        {"$inc": {"n": 1}},
        projection={"events": 0},
        return_document=ReturnDocument.AFTER,
    )
    assert row == {"_id": "a", "n": 2}


async def test_find_one_and_update_gives_what_was_before(things: Things) -> None:
    await things.insert_one({"_id": "a", "n": 1})
    before = await things.find_one_and_update(
        {"_id": "a"}, {"$set": {"n": 2}}, return_document=ReturnDocument.BEFORE
    )
    assert before == {"_id": "a", "n": 1}
    assert await things.find_one_and_update({"_id": "b"}, {"$set": {"n": 2}}) is None


async def test_upsert_makes_one_then_changes_it(things: Things) -> None:
    for text in ("first", "second"):
        await things.update_one({"_id": "a"}, {"$set": {"text": text}}, upsert=True)
    assert await things.find({}).to_list() == [{"_id": "a", "text": "second"}]


async def test_update_many(things: Things) -> None:
    await things.insert_many([{"_id": x, "owner": x in "ab", "state": "LIVE"} for x in "abc"])
    result = await things.update_many({"owner": True}, {"$set": {"state": "RETIRED"}})
    assert result.modified_count == 2
    assert await things.count_documents({"state": "LIVE"}) == 1


async def test_replace_one(things: Things) -> None:
    await things.insert_one({"_id": "a", "n": 1, "old": True})
    await things.replace_one({"_id": "a"}, {"_id": "a", "n": 2})
    assert await read(things) == {"_id": "a", "n": 2}


async def test_deletes(things: Things) -> None:
    await things.insert_many([{"_id": f"{n}", "owner": n % 2, "at": n} for n in range(10)])
    assert (await things.delete_one({"_id": "0"})).deleted_count == 1
    assert (await things.delete_one({"_id": "0"})).deleted_count == 0
    assert (await things.delete_many({"owner": 0, "at": {"$lt": 6}})).deleted_count == 2
    assert (await things.delete_many({"_id": {"$in": ["1", "3"]}})).deleted_count == 2
    rows = await things.find({}, sort=[("_id", ASCENDING)]).to_list()
    assert [row["_id"] for row in rows] == ["5", "6", "7", "8", "9"]


async def test_find_one_and_delete_has_one_winner(things: Things) -> None:
    await things.insert_one({"_id": "a"})
    taken = await asyncio.gather(*(things.find_one_and_delete({"_id": "a"}) for _ in range(8)))
    assert [row for row in taken if row] == [{"_id": "a"}]
