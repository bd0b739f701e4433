"""compose.yaml is valid, careful and complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.local_stack.paths import MODEL_REPOSITORY, ROOT
from tests.deployment.composed import (
    ONCE,
    OURS,
    Service,
    command_of,
    compose,
    option,
    services,
)

_OLDEST_TRITON = (26, 7)
_EACH = pytest.mark.parametrize("name", services())
_LONG_RUNNING = pytest.mark.parametrize("name", [name for name in services() if name not in ONCE])


def test_it_fits_the_compose_specification() -> None:
    command = [str(Path(sys.executable).with_name("check-jsonschema"))]
    given = ["--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_holds_what_the_platform_consists_of() -> None:
    kinds = {"web", "worker", "indexes", "mongo", "redis", "bucket"}
    assert set(services()) == kinds | {
        f"{part}-{kind}" for part in ("triton", "advisor") for kind in ("cpu", "gpu")
    }
    for name, service in services().items():
        kind = name.rpartition("-")[2]
        assert service.get("profiles") == ([kind] if kind in {"cpu", "gpu"} else None), name


@_EACH
def test_images_are_exact(name: str) -> None:
    tag = services()[name]["image"].rpartition(":")[2]
    assert re.search(r"\d+\.\d+", tag), tag


def test_triton_has_its_security_fixes() -> None:
    for name in ("triton-cpu", "triton-gpu"):
        image = services()[name]["image"]
        found = re.fullmatch(r"nvcr\.io/nvidia/tritonserver:(\d+)\.(\d+)-py3", image)
        assert found, image
        assert tuple(map(int, found.groups())) >= _OLDEST_TRITON


@_EACH
def test_nothing_may_do_more_than_it_must(name: str) -> None:
    service = services()[name]
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & set(service)
    for mount in service.get("volumes", ()):
        assert isinstance(mount, str) or mount["read_only"] is True


@_EACH
def test_everything_has_limits(name: str) -> None:
    service = services()[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    for where in service["tmpfs"]:
        assert "size=" in where


@_LONG_RUNNING
def test_what_goes_on_is_watched_and_started_anew(name: str) -> None:
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "start_period"} <= set(service["healthcheck"])
    assert service["stop_grace_period"]


@pytest.mark.parametrize("name", ONCE)
def test_what_is_done_once_ends(name: str) -> None:
    assert services()[name]["restart"].startswith("on-failure")


def test_only_web_is_published_and_on_loopback() -> None:
    published = {
        name: service["ports"] for name, service in services().items() if "ports" in service
    }
    assert list(published) == ["web"]
    [port] = published["web"]
    address, on_host, inside = port.split(":")
    assert address == "127.0.0.1"
    assert inside == services()["web"]["environment"]["DUPI_PORT"]
    first, last = map(int, on_host.split("-"))
    assert last - first + 1 >= services()["web"]["deploy"]["replicas"]
    assert compose()["networks"]["inside"]["internal"] is True
    for name, service in services().items():
        outside = "outside" in service["networks"]
        assert outside == (name in {"web", "worker"}), name  # a worker sends mail


def _needs(service: Service) -> dict[str, str]:
    found = service.get("depends_on", {}).items()
    return {name: how["condition"] for name, how in found}


def test_what_is_needed_is_there_first() -> None:
    stores = {"mongo": "service_healthy", "redis": "service_healthy", "bucket": "service_healthy"}
    first = {"indexes": "service_completed_successfully"}
    assert _needs(services()["web"]) == stores | first
    classifiers = dict.fromkeys(("triton-cpu", "triton-gpu"), "service_healthy")
    assert _needs(services()["worker"]) == stores | first | classifiers
    assert _needs(services()["indexes"]) == {"mongo": "service_healthy"}


@_EACH
def test_what_is_mounted_from_the_checkout_is_there(name: str) -> None:
    for mount in services()[name].get("volumes", ()):
        if isinstance(mount, str):
            assert mount.partition(":")[0] in compose()["volumes"]
        else:
            assert (ROOT / mount["source"]).exists(), mount


@pytest.mark.parametrize("name", OURS)
def test_the_models_are_served_from_where_they_are_published(name: str) -> None:
    sources = {mount["target"]: mount["source"] for mount in services()[name]["volumes"]}
    where = services()[name]["environment"]["DUPI_MODEL_REPOSITORY"]
    assert (ROOT / sources[where]).resolve() == MODEL_REPOSITORY
    triton = services()["triton-cpu"]
    assert option(triton, "--model-repository") == where
    assert triton["volumes"][0]["source"] == sources[where]


@pytest.mark.parametrize("name", OURS)
def test_modules_of_commands_exist(name: str) -> None:
    python, dash_m, module, *_ = command_of(services()[name])
    assert (python, dash_m) == ("python", "-m")
    assert (ROOT / f"{module.replace('.', '/')}.py").exists()
