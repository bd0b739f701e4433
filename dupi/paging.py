"""Keyset pages over the ``sort_key`` of documents: stable while records come and go, no counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from beanie import Document
from pymongo import ASCENDING, DESCENDING

from dupi.errors import FieldErrorCode, InvalidInput
from dupi.ids import time_key

DEFAULT_SIZE = 20
MAX_SIZE = 100

D = TypeVar("D", bound=Document)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``first`` or ``last`` 1 to 100 (neither: the first 20); ``after``, ``before``: sort keys.

    Raises InvalidInput (``first`` or ``last``) where the size does not fit.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None:
            raise InvalidInput.at("last")
        for name, size in (("first", self.first), ("last", self.last)):
            if size is not None and not 1 <= size <= MAX_SIZE:
                raise InvalidInput.at(name, code=FieldErrorCode.OUT_OF_RANGE)

    @property
    def size(self) -> int:
        return self.first or self.last or DEFAULT_SIZE

    @property
    def is_backward(self) -> bool:
        return self.last is not None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    has_next: bool
    has_previous: bool


async def fetch_page(  # noqa: PLR0913
    document_class: type[D],
    where: Mapping[str, Any],
    page: PageRequest,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    newest_first: bool = True,
    leave_out: tuple[str, ...] = (),
) -> Page[D]:
    """One page of the documents that match ``where``, which must not name ``sort_key`` itself.

    ``since`` is inclusive, ``until`` exclusive. ``leave_out`` names top-level fields that are not
    read (they take their defaults): such documents are for reading, never for ``save``.
    """
    descending = newest_first != page.is_backward
    bounds = _bounds(page, since=since, until=until, newest_first=newest_first)
    found = (
        document_class.get_pymongo_collection()
        .find(
            {**where, "sort_key": bounds} if bounds else dict(where),
            dict.fromkeys(leave_out, 0) or None,
        )
        .sort("sort_key", DESCENDING if descending else ASCENDING)
        .limit(page.size + 1)
    )
    rows = await found.to_list()
    items = [document_class.model_validate(row) for row in rows[: page.size]]
    return _page(items, page, has_more=len(rows) > page.size)


def _page(items: list[D], page: PageRequest, *, has_more: bool) -> Page[D]:
    """A cursor was once handed out with a record, so something lies on its other side."""
    if page.is_backward:
        return Page(tuple(reversed(items)), page.before is not None, has_more)
    return Page(tuple(items), has_more, page.after is not None)


def _bounds(
    page: PageRequest, *, since: datetime | None, until: datetime | None, newest_first: bool
) -> dict[str, str]:
    above, below = (page.before, page.after) if newest_first else (page.after, page.before)
    bounds = time_bounds(since, until)
    if above:
        bounds["$gt"] = above
    if below:
        bounds["$lt"] = min(below, bounds.get("$lt", below))
    return bounds


def time_bounds(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """What a ``sort_key`` must match, of ``since`` (inclusive) to ``until`` (exclusive)."""
    bounds = {"$gte": since and time_key(since), "$lt": until and time_key(until)}
    return {operator: key for operator, key in bounds.items() if key}
