"""The house is as it is drawn: our packages are ours, and serving does without torch."""

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from api.local_stack.paths import ROOT

_PACKAGES = ("api", "schema", "dupi", "llm_server", "export")
_LOADED = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("package", _PACKAGES)
def test_our_names_resolve_inside_the_repository(package: str) -> None:
    """A package named ``schema``, for one, exists on the public index too."""
    found = importlib.util.find_spec(package)
    assert found
    assert found.origin
    assert Path(found.origin).resolve().is_relative_to(ROOT / package)


@cache
def _loaded_with(module: str) -> set[str]:
    """Every module that a process has loaded once it has loaded this one."""
    code = _LOADED.format(module=module)
    output = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    return set(json.loads(output))


@pytest.mark.parametrize("module", ["api.main", "api.worker"])
def test_serving_never_imports_torch(module: str) -> None:
    assert module in _loaded_with(module)
    assert not _loaded_with(module) & {"torch", "transformers", "vllm", "peft"}


def test_the_worker_does_without_graphql() -> None:
    assert not _loaded_with("api.worker") & {"schema", "strawberry", "starlette"}
