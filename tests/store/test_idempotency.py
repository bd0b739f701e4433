"""Once per person, operation and key."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dupi import idempotency
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Conflict, InvalidInput, NotFound, Unavailable
from dupi.idempotency import IdempotencyRecord, fingerprint, once
from dupi.store import StoreDatabase

Call = Callable[..., Awaitable[str]]


class Made:
    """What was made, by id."""

    def __init__(self) -> None:
        self.things: dict[str, str] = {}
        self.times = 0

    async def make(self, thing_id: str) -> str:
        self.times += 1
        await asyncio.sleep(0.01)
        self.things[thing_id] = f"thing {self.times}"
        return self.things[thing_id]

    async def find(self, thing_id: str) -> str:
        if thing_id not in self.things:
            raise NotFound
        return self.things[thing_id]


@pytest.fixture
def made(store: StoreDatabase) -> Made:
    return Made()


@pytest.fixture
def call(made: Made) -> Call:
    async def call_once(
        key: str | None = "key", text: str = "input", person: str = "p", operation: str = "upload"
    ) -> str:
        return await once(
            person_id=person,
            operation=operation,
            key=key,
            fingerprint=fingerprint(text),
            make=made.make,
            find=made.find,
        )

    return call_once


async def test_the_same_again_gets_the_first_answer(call: Call, made: Made) -> None:
    assert [await call() for _ in range(3)] == ["thing 1"] * 3
    assert made.times == 1


async def test_keys_are_by_person_and_operation(call: Call) -> None:
    answers = [await call(), await call("other"), await call(person="q"), await call(operation="o")]
    assert len(set(answers)) == 4


async def test_another_input_is_a_conflict(call: Call, made: Made) -> None:
    await call()
    with pytest.raises(Conflict):
        await call(text="another")
    assert made.times == 1


async def test_without_a_key_nothing_is_remembered(call: Call) -> None:
    assert await call(None) != await call(None)
    assert await IdempotencyRecord.count() == 0


async def test_at_the_same_time_one_is_made(call: Call, made: Made) -> None:
    outcomes = await asyncio.gather(*(call() for _ in range(8)), return_exceptions=True)
    assert made.times == 1
    assert outcomes.count("thing 1") >= 1
    assert all(outcome == "thing 1" or isinstance(outcome, Unavailable) for outcome in outcomes)


async def failing(made: Made, call: Call, failure: BaseException) -> None:
    """One call whose making fails after it has stored its result."""

    async def fail(thing_id: str) -> str:
        await Made.make(made, thing_id)
        raise failure

    made.make = fail  # type: ignore[method-assign]
    with pytest.raises(type(failure)):
        await call()
    del made.make


async def test_a_refusal_leaves_the_key_free(call: Call, made: Made) -> None:
    await failing(made, call, Conflict())
    assert await call(text="another") == "thing 2"


@pytest.mark.parametrize("failure", [Unavailable(), asyncio.CancelledError(), RuntimeError()])
async def test_after_a_failure_what_was_stored_is_found(
    call: Call, made: Made, failure: BaseException
) -> None:
    await failing(made, call, failure)
    assert await call() == "thing 1"
    assert made.times == 1
    with pytest.raises(Conflict):
        await call(text="another")


async def test_what_a_dead_call_made_is_found(call: Call, made: Made) -> None:
    await call()
    await IdempotencyRecord.find_all().update({"$set": {"done": False, "busy_until_ms": 1}})
    assert await call() == "thing 1"
    assert made.times == 1


async def test_what_a_dead_call_did_not_make_is_made_under_its_id(call: Call, made: Made) -> None:
    await call()
    [thing_id] = made.things
    made.things.clear()
    await IdempotencyRecord.find_all().update({"$set": {"done": False, "busy_until_ms": 1}})
    assert await call() == "thing 2"
    assert list(made.things) == [thing_id]


async def test_what_is_gone_since_is_a_conflict(call: Call, made: Made) -> None:
    await call()
    made.things.clear()
    with pytest.raises(Conflict):
        await call()


async def test_a_key_is_over_after_a_day(call: Call) -> None:
    await call()
    await IdempotencyRecord.find_all().update({"$set": {"expires_at_ms": 1}})
    assert await call(text="another") == "thing 2"
    await IdempotencyRecord.find_all().update({"$set": {"expires_at_ms": 1}})
    assert await idempotency.purge_expired() == 1


async def test_a_person_is_forgotten(call: Call) -> None:
    await call(), await call(person="q")
    await idempotency.forget_person("p")
    assert [row.person_id async for row in IdempotencyRecord.find_all()] == ["q"]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_keys_that_do_not_fit(call: Call, key: str) -> None:
    with pytest.raises(InvalidInput):
        await call(key)


async def test_any_text_is_a_key(call: Call) -> None:
    for key in ("$where", "a.b", "\ud800", "키", '{"$ne": ""}'):
        assert await call(key) == await call(key)


def test_fingerprints() -> None:
    assert fingerprint(b"x", "y", [1]) == fingerprint(b"x", "y", [1])
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    different = {fingerprint(*p) for p in (("ab",), ("a", "b"), (b"ab",), (["ab"],), (1,), ("1",))}
    assert len(different) == 6


async def test_a_key_that_a_clock_ahead_made_busy_is_taken_over(call: Call, made: Made) -> None:
    """A call of a process whose clock was an hour ahead, before it was set right, and that died."""
    await call()
    ahead = {"done": False, "busy_until_ms": epoch_ms(utc_now()) + 3_600_000}
    await IdempotencyRecord.get_pymongo_collection().update_one({}, {"$set": ahead})
    assert await call() == "thing 1"
    assert made.times == 1
