"""Bringing Triton servers to the live deployment: loading, dropping, pinning the ensemble.

Everything here may run in several processes at once, and again: a server that holds what it should
is left alone. What is decided from the store is decided again once nobody else can interfere.
"""

import asyncio
from typing import TYPE_CHECKING

from dupi.adapters.triton import ModelServer
from dupi.concurrency import all_of, to_its_end
from dupi.errors import Unavailable
from dupi.logs import get_logger
from dupi.operations.deployments import get_live_deployment
from dupi.operations.holdings import GivenUp, holdings, once_ours
from dupi.operations.load_lease import Held, changing
from dupi.operations.loading import LOADS_AT_ONCE, load_versions, ready_versions
from dupi.operations.models import Deployment
from dupi.vision import contract as names
from dupi.vision.ensemble import ensemble_config

if TYPE_CHECKING:
    from dupi.resources import Resources

log = get_logger(__name__)


async def bring_to_live(resources: "Resources", server: ModelServer, given_up: GivenUp) -> bool:
    """Make ``server`` hold and serve what it should; whether there was anything to do.

    Raises Unavailable where it is away or a live version cannot be loaded.
    """
    changed = False
    while True:
        live = await get_live_deployment()
        changed |= await _load_all(resources, server, live, given_up)
        changed |= await _pin(resources, server)
        if (await get_live_deployment()).id == live.id:  # not promoted meanwhile
            return changed


async def _load_all(
    resources: "Resources", server: ModelServer, live: Deployment, given_up: GivenUp
) -> bool:
    ready, wanted = await ready_versions(server), await holdings(live)
    places = asyncio.Semaphore(LOADS_AT_ONCE)

    async def look(model: str) -> bool:
        held = ready[model]
        if held == wanted.target(model, held, given_up.of(server, model)):
            return False
        async with places:
            return await to_its_end(_change(resources, server, model, given_up))

    return any(await all_of(look(model) for model in live.versions))


async def _change(
    resources: "Resources", server: ModelServer, model: str, given_up: GivenUp
) -> bool:
    async with changing(model) as lease:
        return await _look_and_load(resources, server, lease, given_up)


async def _look_and_load(
    resources: "Resources", server: ModelServer, lease: Held, given_up: GivenUp
) -> bool:
    """Look once more, and load. A version beside the live one that fails must not take that one
    down."""
    model = lease.model
    wanted = await holdings(await get_live_deployment())
    held = (await ready_versions(server))[model]
    target = wanted.target(model, held, given_up.of(server, model))
    surplus = held - target
    target |= surplus - await once_ours(model, surplus)
    if held == target:
        return False
    try:
        await load_versions(resources, server, lease, target)
    except Unavailable:
        safe = {wanted.live[model]} | (target & held)
        if safe == target:
            raise
        log.warning("not_loaded", model=model, versions=sorted(target - safe))
        given_up.add(server, model, target - safe)
        await load_versions(resources, server, lease, safe)
    else:
        log.info("model_loaded", model=model, versions=sorted(target), before=sorted(held))
    return True


async def _pin(resources: "Resources", server: ModelServer) -> bool:
    """Whether the ensemble had to be pinned to the live deployment.

    With an ensemble, Triton loads anew each of its models whose folder has changed since it was
    loaded, by the file's own policy: all that was published meanwhile, and what we loaded undone.
    So each is told once more what it serves, which changes nothing, and is up to date then.
    """
    if await serves(server, await get_live_deployment()):
        return False
    await to_its_end(_pin_live(resources, server))
    return True


async def _pin_live(resources: "Resources", server: ModelServer) -> None:
    async with changing(names.ENSEMBLE) as lease:
        live = await get_live_deployment()
        await all_of(_affirm(resources, server, model) for model in live.versions)
        await lease.refuse_if_lost()
        await server.load(names.ENSEMBLE, ensemble_config(live.versions, live.input_size))
    log.info("deployment_applied", number=live.number, versions=live.versions)


async def _affirm(resources: "Resources", server: ModelServer, model: str) -> None:
    await to_its_end(_load_again(resources, server, model))


async def _load_again(resources: "Resources", server: ModelServer, model: str) -> None:
    async with changing(model) as lease:
        held = (await ready_versions(server))[model]
        await load_versions(resources, server, lease, held)


async def serves(server: ModelServer, deployment: Deployment) -> bool:
    """Whether the ensemble answers with exactly these versions. Raises Unavailable."""
    if not await server.is_ready(names.ENSEMBLE):
        return False
    return await server.pinned_versions(names.ENSEMBLE) == deployment.versions


async def is_applied(resources: "Resources", deployment: Deployment) -> bool:
    """Whether every Triton server serves it. Raises Unavailable where one is away."""
    return all(await all_of(serves(server, deployment) for server in resources.model_servers))


async def is_at(resources: "Resources", deployment_id: str) -> bool:
    """Whether this deployment is live, and every server that answers serves it. Raises Unavailable
    where none answers."""
    live = await get_live_deployment()
    if live.id != deployment_id:
        return False
    return all(await all_of(serves(server, live) for server in await reachable(resources)))


async def reachable(resources: "Resources") -> list[ModelServer]:
    """Servers that answer. Raises Unavailable where none does."""

    async def answers(server: ModelServer) -> bool:
        try:
            return await server.is_live()
        except Unavailable:
            return False

    lives = await all_of(answers(server) for server in resources.model_servers)
    found = [
        server for server, is_live in zip(resources.model_servers, lives, strict=True) if is_live
    ]
    if not found:
        raise Unavailable("no Triton server answers", reason="classifier")
    return found
