"""How compose.yaml starts Triton: by options that exist, and as carefully as on one machine."""

import json
import os
import re
import subprocess

import pytest

from api.local_stack.paths import TRITON_BACKEND
from tests.deployment.composed import command_of, option, services

_TRITONS = ("triton-cpu", "triton-gpu")
_OWN = {"--allow-http", "--grpc-address", "--metrics-address", "--exit-timeout-secs"}
"""Options whose values differ from the one-machine stack's."""


@pytest.fixture(scope="module")
def local() -> list[str]:
    """The command that the one-machine stack starts."""
    command: list[str] = json.loads((TRITON_BACKEND / "launch.json").read_text())["command"]
    return command


@pytest.fixture(scope="module")
def help_text(local: list[str]) -> str:
    """What the server of the wheel, which is older, says about its options."""
    launch = json.loads((TRITON_BACKEND / "launch.json").read_text())
    done = subprocess.run(
        [local[0], "--help"],
        env={**os.environ, **launch["environment"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _options(name: str) -> list[str]:
    return [word for word in command_of(services()[name]) if word.startswith("--")]


@pytest.mark.parametrize("name", _TRITONS)
def test_every_option_exists(name: str, help_text: str) -> None:
    known = set(re.findall(r"--[a-z0-9-]+", help_text))
    for each in _options(name):
        assert each.partition("=")[0] in known, each


@pytest.mark.parametrize("name", _TRITONS)
def test_it_is_as_careful_as_on_one_machine(name: str, local: list[str]) -> None:
    here = dict(each.partition("=")[::2] for each in _options(name))
    for each in local[1:]:
        key, _, value = each.partition("=")
        if key in _OWN or key == "--backend-directory":
            continue
        assert here[key].partition("=")[0] == value.partition("=")[0], key


@pytest.mark.parametrize("name", _TRITONS)
def test_http_is_for_the_health_check_alone(name: str) -> None:
    triton = services()[name]
    assert option(triton, "--http-address") == "127.0.0.1"
    where = f"http://127.0.0.1:{option(triton, '--http-port')}/v2/health/live"
    assert triton["healthcheck"]["test"][-1] == where


def test_nobody_knows_what_opens_the_shut_protocols() -> None:
    """Drawn when the container starts: no two are alike, and none is written down."""
    words = " ".join(command_of(services()["triton-cpu"]))
    draw = re.search(r"dupi-admin=(\$\(.*?\)) --", words)
    assert draw
    drawn = {
        subprocess.check_output(["bash", "-ec", f"echo {draw[1]}"], text=True)  # noqa: S607
        for _ in range(2)
    }
    assert len(drawn) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}\n", each) for each in drawn)
