"""Opaque ids and cursors, the Node interface, and connections over keyset pages."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import strawberry

from dupi.errors import InvalidInput, NotFound
from dupi.paging import Page, PageRequest

T = TypeVar("T")
D = TypeVar("D")

_LONGEST: Final = 200
_ID: Final = re.compile(r"([A-Z][A-Za-z]{0,39}):([0-9a-f][0-9a-f-]{0,63})")
_CURSOR: Final = re.compile(r"after:([0-9]{15}-[0-9a-f-]{36})")


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo


def global_id(kind: str, record_id: str) -> strawberry.ID:
    """Id of a record of the GraphQL type ``kind``, for clients: opaque, unique over all types."""
    return strawberry.ID(_encode(f"{kind}:{record_id}"))


def parse_id(text: str) -> tuple[str, str]:
    """Type and record id of a global id. Raises NotFound: nonsense names nothing."""
    match = _ID.fullmatch(_decode(text) or "")
    if match is None:
        raise NotFound("no such id")
    return match[1], match[2]


def record_id(kind: str, text: str) -> str:
    """Record id of a global id that must be of the type ``kind``. Raises NotFound."""
    found, identity = parse_id(text)
    if found != kind:
        raise NotFound(f"the id is no {kind}'s")
    return identity


def page_request(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> PageRequest:
    """The page that a field's arguments ask for. Raises InvalidInput."""
    return PageRequest(
        first=given(first),
        after=_sort_key("after", given(after)),
        last=given(last),
        before=_sort_key("before", given(before)),
    )


def connection(page: Page[D], convert: Callable[[D], T]) -> Connection[T]:
    """A page of documents (each has a ``sort_key``) as the contract shows it."""
    edges = [Edge(cursor=cursor(item), node=convert(item)) for item in page.items]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def cursor(document: Any) -> str:
    return _encode(f"after:{document.sort_key}")


def given(value: T | None) -> T | None:
    """The value of an optional argument, ``None`` where it was left out."""
    return None if value is strawberry.UNSET else value


def _sort_key(argument: str, text: str | None) -> str | None:
    if text is None:
        return None
    match = _CURSOR.fullmatch(_decode(text) or "")
    if match is None:
        raise InvalidInput.at(argument)
    return match[1]


def _encode(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(text: str) -> str | None:
    """Only what ``_encode`` gives is taken: one text for one id."""
    if len(text) > _LONGEST:
        return None
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (NotBase64, UnicodeError, ValueError):
        return None
    return plain if _encode(plain) == text else None
