"""How often the store is read: one entry a query, however it is made."""

from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the collections that are queried from now on; ``find_one`` is a query too."""
    reads: list[str] = []
    real: Any = AsyncCollection.find

    def find(collection: Any, *arguments: Any, **options: Any) -> Any:
        reads.append(collection.name)
        return real(collection, *arguments, **options)

    monkeypatch.setattr(AsyncCollection, "find", find)
    return reads
