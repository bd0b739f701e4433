"""Fixtures that all tests share, and which environment collects which tests."""

import importlib.util
from pathlib import Path

import pytest

pytest_plugins = ["tests.support.fixtures", "tests.support.counting", "tests.support.stack"]

_HAS_TORCH = importlib.util.find_spec("torch") is not None
_NEEDS_TORCH = "pytestmark = pytest.mark.ml"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A module with the line above needs torch to be imported, and all others need what serving
    has: each is read in its own environment alone."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    return True if (_NEEDS_TORCH in collection_path.read_text()) != _HAS_TORCH else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the whole stack come last, so that quick failures show first; very last are those
    that take it apart."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return sum(item.get_closest_marker(name) is not None for name in ("stack", "last"))
