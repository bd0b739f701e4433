"""Collections for the conformance suite: fresh, and of no document class."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from dupi.store import StoreDatabase

Things = AsyncCollection[dict[str, Any]]


@pytest.fixture
async def things(database: StoreDatabase) -> AsyncIterator[Things]:
    collection = database[f"things_{secrets.token_hex(4)}"]
    yield collection
    await collection.drop()
