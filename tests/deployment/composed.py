"""compose.yaml as Compose reads it: anchors merged, variables filled in."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import yaml

from api.local_stack.paths import ROOT

Service = Mapping[str, Any]

_VARIABLE: Final = re.compile(r"(?<!\$)\$\{([A-Z_]+)(?::?([-?])([^}]*))?\}")
OURS: Final = ("web", "worker", "indexes")
"""Services that run the project's own image."""
ONCE: Final = ("indexes",)
"""Services that end when they are done."""


@cache
def compose() -> Mapping[str, Any]:
    """The whole file, as it is without a single variable set."""
    loaded: Mapping[str, Any] = _filled(yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8")))
    return loaded


def services() -> Mapping[str, Service]:
    found: Mapping[str, Service] = compose()["services"]
    return found


def command_of(service: Service) -> list[str]:
    """Entry point and command, word by word, as the container's shell or kernel splits them."""
    parts = [*service.get("entrypoint", ()), *service.get("command", ())]
    return [word for part in parts for word in str(part).split()]


def option(service: Service, name: str) -> str:
    """Value of ``name=value`` in a service's command."""
    [value] = [
        word.partition("=")[2] for word in command_of(service) if word.startswith(f"{name}=")
    ]
    return value


def _filled(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value) for value in node]
    return _VARIABLE.sub(_default, node).replace("$$", "$") if isinstance(node, str) else node


def _default(found: re.Match[str]) -> str:
    name, kind, value = found.groups()
    assert kind == "-", f"{name} must have a default: Compose needs nothing but the secrets"
    return str(value)
