"""Fixtures that all tests share, and which environment collects which tests."""

import importlib.util
from pathlib import Path

import pytest

pytest_plugins = ["tests.support.fixtures", "tests.support.stack"]

_HAS_TORCH = importlib.util.find_spec("torch") is not None
_NEEDS_TORCH = "pytestmark = pytest.mark.ml"


class _Elsewhere(pytest.Module):
    """A module that another environment reads; here it is not even imported."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        return []


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """A folder without a module for this environment: its conftest could not be imported here."""
    if not collection_path.is_dir() or any(map(_is_read_here, collection_path.rglob("test_*.py"))):
        return None
    return True


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> object:
    """A module with the line above needs torch to be imported, and all others need what serving
    has: each is read in its own environment alone."""
    if not module_path.name.startswith("test_"):
        return None
    return None if _is_read_here(module_path) else _Elsewhere.from_parent(parent, path=module_path)


def _is_read_here(module_path: Path) -> bool:
    return (_NEEDS_TORCH in module_path.read_text()) == _HAS_TORCH


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the whole stack come last, so that quick failures show first; very last are those
    that take it apart, in their own order."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    last = item.get_closest_marker("last")
    return 1 + last.args[0] if last else int(item.get_closest_marker("stack") is not None)
