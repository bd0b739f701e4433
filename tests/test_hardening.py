"""docs/hardening.md names only tests that exist, and no line is without one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from api.local_stack.paths import ROOT

_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ROWS = [
    line
    for line in (ROOT / "docs" / "hardening.md").read_text("utf-8").splitlines()
    if line.startswith("|") and not line.startswith("|---") and not line.endswith("| tests |")
]


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names of the tests that a module holds; it is not imported."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: str(row)[2:50])
def test_every_line_is_held_by_tests_that_exist(row: str) -> None:
    *_, tests = (cell.strip() for cell in row.strip("|").split(" | "))
    named = _NAMED.findall(tests)
    assert named, "no test holds this line"
    assert _NAMED.sub("", tests).replace("<br>", "").strip() == "", "this names no test"
    for path, name in named:
        assert name in names_in(ROOT / path), f"{path} holds no {name}"


def test_the_page_has_lines() -> None:
    assert len(_ROWS) > 20
