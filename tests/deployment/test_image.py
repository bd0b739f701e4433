"""The image: small, of exact versions, nobody's root, and with nothing in it that is secret."""

import re
import tomllib

from api.local_stack.paths import ROOT
from tests.deployment.dockerfile import (
    copied,
    ignored,
    in_the_image,
    instructions,
    last_stage,
    only,
    tracked,
)


def test_it_is_built_in_stages_from_exact_images() -> None:
    bases = [one.words[0] for one in instructions() if one.name == "FROM"]
    assert len(bases) == 2
    assert set(
        map(bool, (re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) for base in bases))
    ) == {True}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.12"


def test_what_it_copies_is_there_committed_and_let_through() -> None:
    assert copied()
    for source in copied():
        assert tracked(source), source
        assert f"!{source.rstrip('/')}" in ignored()


def test_nothing_else_is_sent_to_the_builder() -> None:
    rules = ignored()
    assert rules[0] == "*"
    opened = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert opened == {source.rstrip("/") for source in copied()}
    assert "**/__pycache__" in rules


def test_it_holds_the_serving_code_alone() -> None:
    files = in_the_image()
    for needed in ("api/main.py", "api/worker.py", "dupi/knowledge/sources.toml", "schema/root.py"):
        assert needed in files
    assert not [path for path in files if "local_stack" in path or "safetensors" in path]


def test_it_runs_as_nobody_s_root() -> None:
    user, group = map(int, only("USER").value.split(":"))
    assert min(user, group) >= 1000
    names = [one.name for one in last_stage()]
    assert "RUN" not in names[names.index("USER") :]


def test_no_build_tool_is_in_it() -> None:
    commands = " ".join(one.value for one in last_stage() if one.name == "RUN")
    assert "pip uninstall --yes" in commands
    assert not re.search(r"\b(apt|apt-get|apk|gcc|pip install|git)\b", commands)


def test_it_holds_no_secret() -> None:
    for one in instructions():
        assert one.name not in {"ARG", "ADD"}
        if one.name == "ENV":
            assert not re.search(r"SECRET|PASSWORD|TOKEN|KEY|://", one.value)


def test_it_gets_signals_and_says_how_it_is() -> None:
    assert only("STOPSIGNAL").value == "SIGTERM"
    assert only("CMD").words == ["python", "-m", "api.main"]
    assert only("HEALTHCHECK").words == ["python", "-m", "api.healthcheck", "web"]


def test_its_packages_are_those_the_tests_ran_with() -> None:
    tested, deployed = (_pins(name) for name in ("serving", "runtime"))
    assert deployed.items() <= tested.items()
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    wanted = {re.split(r"[\[<>=~ ]", each, maxsplit=1)[0] for each in named}
    assert wanted <= set(deployed)
    assert not set(deployed) & {"pytest", "mypy", "nx-27017", "moto", "torch"}


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z]+\])?==(\S+)", text, re.MULTILINE))
