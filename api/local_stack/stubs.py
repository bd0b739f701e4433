"""Models of Triton whose process died.

Triton from the wheel holds each instance of each version of a model in a process of its own, a
stub. Where one dies it does not notice: it goes on calling the model ready, fails every request
that comes to this instance, and takes a ``load`` for done already. Unloading the model helps:
whoever keeps Triton at its deployment sees that it is missing, and loads it again in new processes.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import tritonclient.grpc.aio as triton
from tritonclient.utils import InferenceServerException

from api.local_stack import keeper
from dupi.vision.contract import ENSEMBLE

_STUB: Final = b"triton_python_backend_stub"
_TIMEOUT_SECONDS: Final = 5.0

Version = tuple[str, str]
"""Name of a model, and its version."""


class Stubs:
    """Of the Triton at ``address``."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._suspects: set[Version] = set()

    async def forget_dead_models(self, program: int) -> list[str]:
        """Unload every model of which a version is called ready and has had fewer processes below
        ``program`` than instances twice in a row: one that is being loaded or unloaded may lack
        some for a moment. Their names."""
        client = triton.InferenceServerClient(self._address)
        try:
            short = await _short_of_processes(client, program)
            dead = sorted({model for model, _ in short & self._suspects})
            self._suspects = short
            for model in dead:
                await client.unload_model(model, client_timeout=_TIMEOUT_SECONDS)
        except (InferenceServerException, TimeoutError):
            return []
        finally:
            await client.close()
        return dead


async def _short_of_processes(client: triton.InferenceServerClient, program: int) -> set[Version]:
    """Triton is asked first: what it unloads meanwhile is looked at again."""
    wanted = {version: await _instances(client, version) for version in await _ready(client)}
    held = Counter(_held(program))
    return {version for version, instances in wanted.items() if held[version] < instances}


async def _ready(client: triton.InferenceServerClient) -> set[Version]:
    index = await client.get_model_repository_index(client_timeout=_TIMEOUT_SECONDS)
    ready = {(model.name, model.version) for model in index.models if model.state == "READY"}
    return {version for version in ready if version[0] != ENSEMBLE}


async def _instances(client: triton.InferenceServerClient, version: Version) -> int:
    """As many as each group counts, and on GPUs as many on each of the group's."""
    answer = await client.get_model_config(*version, client_timeout=_TIMEOUT_SECONDS)
    return sum(group.count * max(1, len(group.gpus)) for group in answer.config.instance_group)


def _held(program: int) -> Iterator[Version]:
    """A stub is started with the path of its model: ``…/<model>/<version>/model.pt``."""
    for pid in keeper.descendants(program):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:  # ended just now
            continue
        if command[0].endswith(_STUB):
            *_, model, version, _ = Path(command[1].decode()).parts
            yield model, version
