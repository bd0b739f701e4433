"""Keyset pages: both directions, both orders, while records come and go."""

from datetime import timedelta
from typing import Any

import pytest

from dupi.accounts.models import Consent, ConsentKind
from dupi.clock import utc_now
from dupi.errors import InvalidInput
from dupi.ids import new_id, sort_key, time_key
from dupi.paging import Page, PageRequest, fetch_page
from dupi.store import StoreDatabase

MINE = {"user_id": "me"}
START = utc_now()


def record(number: int, user_id: str = "me") -> Consent:
    at, record_id = START + timedelta(seconds=number), new_id()
    return Consent(
        id=record_id,
        user_id=user_id,
        kind=ConsentKind.MODEL_TRAINING,
        document_version=str(number),
        slot=record_id,
        granted_at=at,
        sort_key=sort_key(at, record_id),
    )


@pytest.fixture
async def nine(store: StoreDatabase) -> list[Consent]:
    records = [record(number) for number in range(9)]
    await Consent.insert_many([*records, record(4, user_id="other")])
    return records


def shown(page: Page[Consent]) -> str:
    """The numbers of a page, with < and > where there is more."""
    numbers = "".join(consent.document_version for consent in page.items)
    return "<" * page.has_previous + numbers + ">" * page.has_next


async def page(request: PageRequest, **options: Any) -> str:
    return shown(await fetch_page(Consent, MINE, request, **options))


async def test_forward_newest_first(nine: list[Consent]) -> None:
    assert await page(PageRequest(first=4)) == "8765>"
    assert await page(PageRequest(first=4, after=nine[5].sort_key)) == "<4321>"
    assert await page(PageRequest(first=4, after=nine[1].sort_key)) == "<0"
    assert await page(PageRequest(first=4, after=nine[0].sort_key)) == "<"
    assert await page(PageRequest()) == "876543210"
    assert await page(PageRequest(first=9)) == "876543210"


async def test_backward_newest_first(nine: list[Consent]) -> None:
    assert await page(PageRequest(last=4)) == "<3210"
    assert await page(PageRequest(last=4, before=nine[3].sort_key)) == "<7654>"
    assert await page(PageRequest(last=4, before=nine[7].sort_key)) == "8>"


async def test_oldest_first(nine: list[Consent]) -> None:
    assert await page(PageRequest(first=3), newest_first=False) == "012>"
    after = PageRequest(first=3, after=nine[2].sort_key)
    assert await page(after, newest_first=False) == "<345>"
    before = PageRequest(last=3, before=nine[5].sort_key)
    assert await page(before, newest_first=False) == "<234>"


async def test_between_two_cursors(nine: list[Consent]) -> None:
    request = PageRequest(first=9, after=nine[6].sort_key, before=nine[2].sort_key)
    assert (await page(request)).strip("<>") == "543"


async def test_since_is_inclusive_and_until_exclusive(nine: list[Consent]) -> None:
    since, until = nine[2].granted_at, nine[6].granted_at
    assert await page(PageRequest(), since=since, until=until) == "5432"
    assert await page(PageRequest(first=2), since=since, until=until) == "54>"
    after = PageRequest(first=5, after=nine[4].sort_key)
    assert await page(after, since=since, until=until) == "<32"
    assert await page(PageRequest(), until=START) == ""


async def test_records_that_come_and_go_move_nothing(nine: list[Consent]) -> None:
    await nine[5].delete()
    await record(20).insert()
    assert await page(PageRequest(first=3, after=nine[5].sort_key)) == "<432>"


async def test_fields_can_be_left_out(nine: list[Consent]) -> None:
    found = await fetch_page(Consent, MINE, PageRequest(first=1), leave_out=("withdrawn_at",))
    assert found.items[0] == nine[8]


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
    ],
)
def test_sizes(request_fields: dict[str, int], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        PageRequest(**request_fields)  # type: ignore[arg-type]
    assert refused.value.fields[0].path == (field,)


def test_ids_and_keys_are_ordered_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert sorted(set(ids)) == ids
    early, late = START, START + timedelta(milliseconds=1)
    assert time_key(early) < sort_key(early, ids[0]) < sort_key(early, ids[1]) < time_key(late)
