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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import tritonclient.grpc.aio as triton
from tritonclient.utils import InferenceServerException

from api.local_stack import keeper
from dupi.vision.contract import ENSEMBLE

_STUB: Final = b"triton_python_backend_stub"
_STARTED: Final = 19
"""Of the fields after a process' name in its ``stat``."""
_TIMEOUT_SECONDS: Final = 5.0
_LINGER_SECONDS: Final = 30.0
"""Longer than Triton lets a request wait, so that those under way can end."""

Version = tuple[str, str]
"""Name of a model, and its version."""

Stub = tuple[int, int]
"""When the process started (clock ticks since boot), and its pid: they sort by age."""


class Stubs:
    """Of the Triton at ``address``."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._suspects: set[Version] = set()
        self._newest: dict[Version, tuple[Stub, ...]] = {}
        """Living or dead: as many of a version as it has instances."""
        self._left: dict[Stub, float] = {}
        """Processes of what was unloaded, and when they are ended (monotonic seconds)."""

    async def forget_dead_models(self, program: int) -> list[str]:
        """Unload every model of which a version is called ready and has had fewer processes below
        ``program`` than instances twice in a row: one that is being loaded or unloaded may lack
        some for a moment. Their names."""
        client = triton.InferenceServerClient(self._address)
        try:
            wanted = await _wanted(client)  # first: what is unloaded meanwhile is looked at again
            held = dict(_held(program))
            self._end_left(held)
            working = {stub: version for stub, version in held.items() if stub not in self._left}
            short = self._short(wanted, working)
            dead = sorted({model for model, _ in short & self._suspects})
            self._suspects = {version for version in short if version[0] not in dead}
            for model in dead:
                self._leave(stub for stub, (name, _) in held.items() if name == model)
                await client.unload_model(model, client_timeout=_TIMEOUT_SECONDS)
        except (InferenceServerException, TimeoutError):
            return []
        finally:
            await client.close()
        return dead

    def _short(self, wanted: Mapping[Version, int], held: Mapping[Stub, Version]) -> set[Version]:
        """Versions whose newest processes, as many as they have instances, do not all live. Older
        ones are of an earlier load: counted, they would stand for one that died."""
        self._newest = {
            version: _newest(instances, version, held, self._newest.get(version, ()))
            for version, instances in wanted.items()
        }
        living = {version: held.keys() & stubs for version, stubs in self._newest.items()}
        return {version for version, stubs in living.items() if len(stubs) < wanted[version]}

    def _leave(self, stubs: Iterator[Stub]) -> None:
        ends_at = time.monotonic() + _LINGER_SECONDS
        self._left = dict.fromkeys(stubs, ends_at) | self._left

    def _end_left(self, held: Mapping[Stub, Version]) -> None:
        """End what was left of unloaded models, once it is time."""
        self._left = {stub: ends_at for stub, ends_at in self._left.items() if stub in held}
        for (_, pid), ends_at in self._left.items():
            if ends_at <= time.monotonic():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _newest(
    instances: int, version: Version, held: Mapping[Stub, Version], known: Iterable[Stub]
) -> tuple[Stub, ...]:
    living = {stub for stub, what in held.items() if what == version}
    return tuple(sorted(living.union(known))[-instances:])


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


def _held(program: int) -> Iterator[tuple[Stub, Version]]:
    """What lives, and what it holds. A stub is started with the path of its model:
    ``…/<model>/<version>/model.pt``."""
    for pid in keeper.descendants(program):
        process = Path(f"/proc/{pid}")
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            after_name = (process / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:  # ended just now
            continue
        if command[0].endswith(_STUB):
            *_, model, version, _ = Path(command[1].decode()).parts
            yield (int(after_name[_STARTED]), pid), (model, version)
