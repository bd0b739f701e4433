"""Which versions a Triton server serves, and changing that, one process at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dupi.adapters.triton import ModelServer, RequestRefused
from dupi.adapters.triton_config import component_config
from dupi.concurrency import all_of, to_its_end
from dupi.errors import Unavailable
from dupi.logs import get_logger
from dupi.operations.load_lease import Held, changing

if TYPE_CHECKING:
    from dupi.resources import Resources

LOADS_AT_ONCE: Final = 2
"""In one server: each takes most of a core for some seconds, and the live models need theirs."""

log = get_logger(__name__)


async def ready_versions(server: ModelServer) -> defaultdict[str, set[int]]:
    """Which versions of each component are ready. Raises Unavailable."""
    found = defaultdict[str, set[int]](set)
    for line in await server.index():
        if line.is_ready and line.version:
            found[line.model].add(int(line.version))
    return found


async def add_versions(
    resources: "Resources", server: ModelServer, versions: Mapping[str, int]
) -> None:
    """Serve these beside all that is served. Raises Unavailable where one cannot be loaded."""
    ready, places = await ready_versions(server), asyncio.Semaphore(LOADS_AT_ONCE)

    async def add(model: str, version: int) -> None:
        async with places:
            await add_version(resources, server, model, version)

    missing = [(m, version) for m, version in versions.items() if version not in ready[m]]
    await all_of(add(model, version) for model, version in missing)


async def add_version(
    resources: "Resources", server: ModelServer, model: str, version: int
) -> None:
    """Serve one more version, unless somebody else has loaded it meanwhile. Raises Unavailable.

    What Triton could not load it would try again with whatever touches the model: so it is told to
    serve what it served before. A load that has begun ends under its lease, whoever leaves.
    """
    await to_its_end(_add_version(resources, server, model, version))


async def _add_version(
    resources: "Resources", server: ModelServer, model: str, version: int
) -> None:
    async with changing(model) as lease:
        held = (await ready_versions(server))[model]
        if version in held:
            return
        try:
            await load_versions(resources, server, lease, held | {version})
        except Unavailable:
            if held:
                await load_versions(resources, server, lease, held)
            raise
        log.info("model_loaded", model=model, version=version)


async def load_versions(
    resources: "Resources", server: ModelServer, lease: Held, versions: set[int]
) -> None:
    """Serve exactly these versions of the model whose lease is held.

    Raises Unavailable where one cannot be loaded, or the lease is somebody else's by now.
    """
    folder = resources.settings.model_repository / lease.model
    config = await asyncio.to_thread(component_config, folder, versions)
    await lease.refuse_if_lost()
    try:
        await server.load(lease.model, config)
    except RequestRefused as refused:
        raise Unavailable(str(refused), reason="models") from refused
