"""The set-up says in one line what is wrong, and does again only what must be done again."""

import subprocess
import sys
from pathlib import Path

import pytest

from api.local_stack.paths import ROOT
from api.local_stack.setup import environments, interpreter, steps, uv
from api.local_stack.setup.commands import explain, run
from api.local_stack.setup.console import SetupError
from api.local_stack.setup.environments import Environment, check_disk, torch_source
from api.local_stack.setup.products import Product
from api.local_stack.setup.secrets import make_secrets


def _environment(tmp_path: Path, gib: float = 0.1) -> Environment:
    requirements = tmp_path / "some.txt"
    requirements.write_text("idna==3.20\n")
    return Environment("some", tmp_path / "venv", requirements, gib)


def _fake_python(folder: Path, answer: str) -> str:
    folder.mkdir(parents=True)
    path = folder / "python3.11"
    path.write_text(f"#!/bin/sh\necho {answer}\n")
    path.chmod(0o755)
    return str(path)


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import api.local_stack.setup.steps, api.local_stack.setup.interpreter"
    subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, check=True)


def test_a_python_with_its_library_is_preferred(tmp_path: Path) -> None:
    old = _fake_python(tmp_path / "old", "3.9 True")
    bare = _fake_python(tmp_path / "bare", "3.11 False")
    right = _fake_python(tmp_path / "right", "3.11 True")
    assert interpreter.choose([old, bare, right]) == (right, True)
    assert interpreter.choose([old, bare]) == (bare, False)
    assert interpreter.choose([old, str(tmp_path / "none")]) == (None, False)


def test_a_wrong_python_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "candidates", list)
    with pytest.raises(SystemExit) as ended:
        interpreter.ensure_python()
    assert "needs Python 3.11" in str(ended.value)
    assert "\n" not in str(ended.value)


def test_a_missing_libpython_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = _fake_python(tmp_path / "bare", "3.11 False")
    monkeypatch.setattr(interpreter, "candidates", lambda: [bare])
    with pytest.raises(SystemExit) as ended:
        interpreter.ensure_python()
    assert "libpython3.11.so" in str(ended.value)
    assert "\n" not in str(ended.value)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("error: Failed to fetch: `https://…`\n  Caused by: dns error", "cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
    ],
)
def test_known_causes_are_one_line(tmp_path: Path, output: str, told: str) -> None:
    log = tmp_path / "x.log"
    log.write_text(output)
    message = explain("x", log, 2)
    assert told in message
    assert "\n" not in message


def test_an_unknown_cause_shows_the_end_of_the_log() -> None:
    with pytest.raises(SetupError, match="boom") as failed:
        run("test of failure", (sys.executable, "-c", "raise SystemExit('boom')"), {})
    assert "var/setup/test of failure.log" in str(failed.value)


def test_too_little_disk_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    check_disk([_environment(tmp_path)])
    with pytest.raises(SetupError, match="Not enough disk space"):
        check_disk([_environment(tmp_path, gib=1e9)])


def test_an_environment_is_ready_only_with_its_stamp(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    assert not environment.is_ready()
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    assert not environment.is_ready()  # as an interruption leaves it
    (environment.folder / ".dupi-stamp").write_text(environment.stamp())
    assert environment.is_ready()
    environment.requirements.write_text("idna==3.21\n")
    assert not environment.is_ready()


def test_a_python_that_cannot_bring_uv_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(uv, "_HOME", tmp_path / "home")
    monkeypatch.setattr(uv, "_OWN", tmp_path / "home" / "bin" / "uv")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    with pytest.raises(SetupError, match=r"python3\.11-venv") as failed:
        uv.bring_uv()
    assert "\n" not in str(failed.value)


def test_pips_settings_are_passed_on_to_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    told = environments.uv_environment()
    assert told["UV_FIND_LINKS"] == "/wheels,/more"
    assert told["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


def test_torch_comes_from_find_links_that_hold_it_and_else_from_the_cpu_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert torch_source() == ["--torch-backend", "cpu"]
    (tmp_path / "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl").touch()
    assert torch_source() == []


def test_a_product_is_built_once_and_again_when_its_sources_change(tmp_path: Path) -> None:
    source = ROOT / "var" / "test" / "source.txt"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text("1")
    made = source.with_name("made.txt")
    made.unlink(missing_ok=True)
    code = f"import pathlib; pathlib.Path({str(made)!r}).write_text('made')"
    product = Product(
        title="test of a product",
        command=(sys.executable, "-c", code),
        sources=("var/test/source.txt",),
        result="var/test/made.txt",
    )
    assert not product.is_built()
    product.build()
    assert product.is_built()
    source.write_text("2")
    assert not product.is_built()
    product.build()
    made.unlink()
    assert not product.is_built()


def test_secrets_are_made_once_and_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("api.local_stack.setup.secrets.SECRETS", tmp_path / "secret")
    monkeypatch.setattr("api.local_stack.setup.secrets.SIGNING", tmp_path / "secret" / "signing")
    monkeypatch.setattr("api.local_stack.setup.secrets.ADVISOR_KEY", tmp_path / "secret" / "key")
    make_secrets()
    signing = tmp_path / "secret" / "signing"
    first = signing.read_text()
    assert len(first) >= 32
    assert signing.stat().st_mode & 0o077 == 0
    make_secrets()
    assert signing.read_text() == first


def test_another_machine_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    steps.check_machine()
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(SetupError, match="x86-64 Linux"):
        steps.check_machine()
