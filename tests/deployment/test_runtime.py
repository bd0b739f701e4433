"""What the image holds is enough: its packages and its files alone, started as containers start
them.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.local_stack.paths import MODEL_REPOSITORY, REQUIREMENTS, ROOT
from api.local_stack.ports import free_ports
from api.local_stack.setup.environments import uv_environment
from api.local_stack.setup.uv import bring_uv
from tests.deployment.dockerfile import in_the_image, only
from tests.support.store import fresh_database_url

_START_WITHIN_S = 60.0
_END_WITHIN_S = 25.0
_SECRET = "a secret that only tests know, 32+ characters"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment made as the image's is."""
    folder = tmp_path_factory.mktemp("image") / "packages"
    uv, environment = str(bring_uv()), {**os.environ, **uv_environment()}
    python = folder / "bin" / "python"
    install = ("--no-deps", "--only-binary", ":all:", "--requirement")
    for command in (
        (uv, "venv", "--quiet", "--python", sys.executable, str(folder)),
        (uv, "pip", "install", "--quiet", "--python", str(python), *install, _RUNTIME),
    ):
        subprocess.run(command, env=environment, check=True)
    return python


_RUNTIME = str(REQUIREMENTS / "runtime.txt")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's working directory."""
    folder = tmp_path_factory.mktemp("app")
    for path in in_the_image():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    return folder


@pytest.fixture
def environment(store_url: str, tmp_path: Path) -> dict[str, str]:
    """No Triton and no vLLM: both may be away."""
    web, nobody = free_ports(2)
    return {
        "PATH": os.environ["PATH"],
        "DUPI_SECRET": _SECRET,
        "DUPI_MONGODB_URL": fresh_database_url(store_url),
        "DUPI_TRITON_URL": f"127.0.0.1:{nobody}",
        "DUPI_ADVISOR_URL": f"http://127.0.0.1:{nobody}/v1",
        "DUPI_MODEL_REPOSITORY": str(MODEL_REPOSITORY),
        "DUPI_STORAGE_URL": str(tmp_path / "photos"),
        "DUPI_HOST": "0.0.0.0",  # noqa: S104
        "DUPI_PORT": str(web),
        "DUPI_WORKER__HEARTBEAT_FILE": str(tmp_path / "beats" / "worker"),
    }


class Container:
    """Runs the image's commands without a container."""

    def __init__(self, python: Path, app: Path, environment: Mapping[str, str]) -> None:
        self._python, self._app, self.environment = python, app, environment

    def command(self, words: list[str]) -> list[str]:
        assert words[0] == "python"
        return [str(self._python), *words[1:]]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.command(list(words))
        return subprocess.run(
            command,
            cwd=self._app,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def started(self, words: list[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.command(words),
                cwd=self._app,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def wait_until_healthy(self, kind: str, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + _START_WITHIN_S
        while (check := self.run("python", "-m", "api.healthcheck", kind)).returncode:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < until, check.stdout + check.stderr


@pytest.fixture
def container(python: Path, app: Path, environment: dict[str, str]) -> Container:
    return Container(python, app, environment)


def test_packages_fit_each_other(python: Path) -> None:
    check = [str(bring_uv()), "pip", "check", "--python", str(python)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_indexes_are_made(container: Container) -> None:
    done = container.run("python", "-m", "dupi.store", "indexes")
    assert done.returncode == 0, done.stderr
    assert "users: " in done.stdout


def test_web_serves_and_ends_when_told(container: Container, tmp_path: Path) -> None:
    assert container.run(*only("HEALTHCHECK").words).returncode == 1
    with container.started(only("CMD").words, tmp_path / "log") as web:
        container.wait_until_healthy("web", web)
        web.send_signal(signal.SIGTERM)
        # It ends by the signal that it was sent, once everything is closed.
        assert web.wait(_END_WITHIN_S) in {0, -signal.SIGTERM}
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert container.run(*only("HEALTHCHECK").words).returncode == 1


def test_a_worker_shows_that_it_lives_and_ends_when_told(
    container: Container, tmp_path: Path
) -> None:
    beats = Path(container.environment["DUPI_WORKER__HEARTBEAT_FILE"])
    with container.started(["python", "-m", "api.worker"], tmp_path / "log") as worker:
        container.wait_until_healthy("worker", worker)
        assert beats.exists()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(_END_WITHIN_S) == 0
    assert not beats.exists()
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert "no beat" in container.run("python", "-m", "api.healthcheck", "worker").stdout
