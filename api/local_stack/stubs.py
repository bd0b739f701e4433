"""Models of Triton whose process died.

Triton from the wheel holds each instance of each version of a model in a process of its own, a
stub. Where one dies it does not notice: it goes on calling the model ready, fails every request
that comes to this instance, and takes a ``load`` for done already. Unloading the model helps:
whoever keeps Triton at its deployment sees that it is missing, and loads it again in new processes.

Of a model that is unloaded so, Triton may keep the other instances' processes for ever: it waits
for what the dead one was at. They are not counted any more, and ended after a while.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import tritonclient.grpc.aio as triton
from tritonclient.utils import InferenceServerException

from api.local_stack import keeper
from dupi.vision.contract import ENSEMBLE

_STUB: Final = b"triton_python_backend_stub"
_TIMEOUT_SECONDS: Final = 5.0
_LINGER_SECONDS: Final = 30.0
"""Longer than Triton lets a request wait, so that those under way can end."""

Version = tuple[str, str]
"""Name of a model, and its version."""


class Stubs:
    """Of the Triton at ``address``."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._suspects: set[Version] = set()
        self._left: dict[int, float] = {}
        """Processes of what was unloaded, and when they are ended (monotonic seconds)."""

    async def forget_dead_models(self, program: int) -> list[str]:
        """Unload every model of which a version is called ready and has had fewer processes below
        ``program`` than instances twice in a row: one that is being loaded or unloaded may lack
        some for a moment. Their names."""
        client = triton.InferenceServerClient(self._address)
        try:
            wanted = await _wanted(client)  # first: what is unloaded meanwhile is looked at again
            held = self._without_left(dict(_held(program)))
            short = _short(wanted, held)
            dead = sorted({model for model, _ in short & self._suspects})
            self._suspects = {version for version in short if version[0] not in dead}
            for model in dead:
                self._leave(pid for pid, (name, _) in held.items() if name == model)
                await client.unload_model(model, client_timeout=_TIMEOUT_SECONDS)
        except (InferenceServerException, TimeoutError):
            return []
        finally:
            await client.close()
        return dead

    def _leave(self, pids: Iterator[int]) -> None:
        self._left |= dict.fromkeys(pids, time.monotonic() + _LINGER_SECONDS)

    def _without_left(self, held: Mapping[int, Version]) -> dict[int, Version]:
        """``held`` without what was left of unloaded models, which is ended once it is time."""
        self._left = {pid: ends_at for pid, ends_at in self._left.items() if pid in held}
        for pid, ends_at in self._left.items():
            if ends_at <= time.monotonic():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return {pid: version for pid, version in held.items() if pid not in self._left}


def _short(wanted: Mapping[Version, int], held: Mapping[int, Version]) -> set[Version]:
    found = Counter(held.values())
    return {version for version, instances in wanted.items() if found[version] < instances}


async def _wanted(client: triton.InferenceServerClient) -> dict[Version, int]:
    """Instances of every version that is called ready."""
    return {version: await _instances(client, version) for version in await _ready(client)}


async def _ready(client: triton.InferenceServerClient) -> set[Version]:
    index = await client.get_model_repository_index(client_timeout=_TIMEOUT_SECONDS)
    ready = {(model.name, model.version) for model in index.models if model.state == "READY"}
    return {version for version in ready if version[0] != ENSEMBLE}


async def _instances(client: triton.InferenceServerClient, version: Version) -> int:
    """As many as each group counts, and on GPUs as many on each of the group's."""
    answer = await client.get_model_config(*version, client_timeout=_TIMEOUT_SECONDS)
    return sum(group.count * max(1, len(group.gpus)) for group in answer.config.instance_group)


def _held(program: int) -> Iterator[tuple[int, Version]]:
    """Pids of what lives, and what they hold. A stub is started with the path of its model:
    ``…/<model>/<version>/model.pt``."""
    for pid in keeper.descendants(program):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:  # ended just now
            continue
        if command[0].endswith(_STUB):
            *_, model, version, _ = Path(command[1].decode()).parts
            yield pid, (model, version)
