"""Who has an account: nobody else reads or changes people but through here and ``leaving.py``."""

from collections.abc import Sequence
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from dupi.accounts.models import User
from dupi.errors import NotFound

STAYING: Final[dict[str, Any]] = {"birth_year": {"$gt": 0}}
"""Filter: not the bare record of somebody who has left, which has none. (The embedded store takes
a missing field for no value at all: ``$ne`` does not find it.)"""


async def find_person(user_id: str) -> User | None:
    user = await User.get(user_id)
    return user if user is not None and not user.is_leaving else None


async def find_people(user_ids: Sequence[str]) -> list[User]:
    """Those that are there, in no order."""
    found = await User.find({"_id": {"$in": list(user_ids)}}).to_list()
    return [user for user in found if not user.is_leaving]


async def change_person(user_id: str, changes: dict[str, Any]) -> User:
    """The person, with these fields set. Raises NotFound."""
    row = await users().find_one_and_update(
        {"_id": user_id} | STAYING, {"$set": changes}, return_document=ReturnDocument.AFTER
    )
    if row is None:
        raise NotFound(f"no user {user_id}")
    return User.from_row(row)


def users() -> AsyncCollection[dict[str, Any]]:
    return User.get_pymongo_collection()
