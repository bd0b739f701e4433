"""Which versions a Triton server serves, and changing that, one process at a time."""

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from dupi.adapters.triton import ModelServer, RequestRefused
from dupi.adapters.triton_config import component_config
from dupi.errors import Unavailable
from dupi.logs import get_logger
from dupi.operations.load_lease import changing

if TYPE_CHECKING:
    from dupi.resources import Resources

log = get_logger(__name__)


async def ready_versions(server: ModelServer) -> defaultdict[str, set[int]]:
    """Which versions of each component are ready. Raises Unavailable."""
    found = defaultdict[str, set[int]](set)
    for line in await server.index():
        if line.is_ready and line.version:
            found[line.model].add(int(line.version))
    return found


async def add_version(
    resources: "Resources", server: ModelServer, model: str, version: int
) -> None:
    """Serve ``version`` beside all that is served. Raises Unavailable where it cannot be loaded."""
    async with changing(model):
        held = (await ready_versions(server))[model]
        if version not in held:
            await load_versions(resources, server, model, held | {version})


async def load_versions(
    resources: "Resources", server: ModelServer, model: str, versions: set[int]
) -> None:
    """Serve exactly these versions of a model: only for who holds its lease.

    Raises Unavailable where one cannot be loaded.
    """
    folder = resources.settings.model_repository / model
    config = await asyncio.to_thread(component_config, folder, versions)
    try:
        await server.load(model, config)
    except RequestRefused as refused:
        raise Unavailable(str(refused), reason="models") from refused
    log.info("model_loaded", model=model, versions=sorted(versions))
