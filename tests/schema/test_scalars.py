"""Times: RFC 3339, in UTC, with a zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from strawberry.exceptions import StrawberryInputCoercionError

from schema.messages import locale_of
from schema.scalars import parse_datetime, serialize_datetime

SEOUL = timezone(timedelta(hours=9))


def test_a_time_is_shown_in_utc() -> None:
    assert (
        serialize_datetime(datetime(2026, 11, 24, 17, tzinfo=SEOUL)) == "2026-11-24T08:00:00.000Z"
    )


@pytest.mark.parametrize("text", ["2026-11-24T08:00:00Z", "2026-11-24T17:00:00+09:00"])
def test_a_time_is_taken_from_any_zone(text: str) -> None:
    assert parse_datetime(text) == datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["", "x", "2026-11-24", "2026-11-24T08:00:00", "2026-13-01T00:00:00Z", 5, None, [], {},
     "0001-01-01T00:00:00+09:00"],
)  # fmt: skip
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(StrawberryInputCoercionError):
        parse_datetime(value)


@pytest.mark.parametrize(
    ("asked", "given"),
    [(None, "KO"), ("", "KO"), ("en", "EN"), ("fr, en-GB;q=0.8, ko", "EN"), ("ko-KR", "KO"),
     ("x" * 100_000, "KO"), ("de", "KO")],
)  # fmt: skip
def test_the_language_that_is_asked_for(asked: str | None, given: str) -> None:
    assert locale_of(asked) == given
