"""Bringing Triton servers to a deployment: what each is to hold, loading it, pinning the ensemble.

Everything here may run in several processes at once, and again: a server that holds what it should
is left alone.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dupi.adapters.triton import LONGEST_INFERENCE_S, ModelServer, RequestRefused
from dupi.adapters.triton_config import component_config
from dupi.concurrency import all_of
from dupi.errors import Unavailable
from dupi.logs import get_logger
from dupi.operations.deployments import (
    get_live_deployment,
    list_preparing,
    list_retired_since,
)
from dupi.operations.models import Deployment, Shadow
from dupi.vision import contract as names
from dupi.vision.ensemble import ensemble_config

if TYPE_CHECKING:
    from dupi.resources import Resources

_LOADS_AT_ONCE: Final = 2
_TRY_AGAIN_S: Final = 60.0
"""After that, a version that could not be loaded beside the live one is tried again."""

Versions = Mapping[str, Iterable[int]]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Holdings:
    """Versions by model that a server must hold (live), is to hold beside them (the deployment
    before, shadows), and may keep (being prepared; or replaced so lately that an inference which
    began under them may not have ended). All others are dropped."""

    live: Deployment
    beside: Mapping[str, set[int]]
    kept: Mapping[str, set[int]]


@dataclass
class GivenUp:
    """What could not be loaded beside the live versions, and until when it is left alone."""

    until: dict[tuple[int, str, int], float] = field(default_factory=dict)

    def add(self, server: ModelServer, model: str, versions: Iterable[int]) -> None:
        for version in versions:
            self.until[id(server), model, version] = time.monotonic() + _TRY_AGAIN_S

    def without(self, server: ModelServer, model: str, versions: set[int]) -> set[int]:
        now = time.monotonic()
        return {v for v in versions if self.until.get((id(server), model, v), 0.0) <= now}


async def holdings(live: Deployment) -> Holdings:
    beside, kept = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    previous = live.previous_id and await Deployment.get(live.previous_id)
    for model, version in previous.versions.items() if previous else ():
        beside[model].add(version)
    for shadow in await Shadow.find({"is_active": True}).to_list():
        beside[shadow.model].add(int(shadow.version))
    lately = await list_retired_since(round(LONGEST_INFERENCE_S * 1000))
    for other in [*await list_preparing(), *lately]:
        for model, version in other.versions.items():
            kept[model].add(version)
    return Holdings(live, beside, kept)


async def bring(
    resources: "Resources", server: ModelServer, wanted: Holdings, given_up: GivenUp
) -> bool:
    """Make ``server`` hold and serve what it should; whether there was anything to do.

    Raises Unavailable where it is away or a live version cannot be loaded.
    """
    ready = await ready_versions(server)
    places = asyncio.Semaphore(_LOADS_AT_ONCE)

    async def bring_model(model: str, version: int) -> bool:
        async with places:
            held = ready[model]
            beside = given_up.without(server, model, wanted.beside.get(model, set()))
            target = {version} | beside | (wanted.kept.get(model, set()) & held)
            if held == target:
                return False
            await _load_beside(resources, server, model, version, target, held, given_up)
            return True

    changed = await all_of(bring_model(m, v) for m, v in wanted.live.versions.items())
    if await serves(server, wanted.live):
        return any(changed)
    config = ensemble_config(wanted.live.versions, wanted.live.input_size)
    await server.load(names.ENSEMBLE, config)
    log.info("deployment_applied", number=wanted.live.number, versions=wanted.live.versions)
    return True


async def _load_beside(  # noqa: PLR0913, PLR0917
    resources: "Resources",
    server: ModelServer,
    model: str,
    live: int,
    target: set[int],
    held: set[int],
    given_up: GivenUp,
) -> None:
    """Load ``target``. A version that fails beside the live one must not take that one down."""
    try:
        await load_versions(resources, server, model, target)
    except Unavailable:
        safe = {live} | (target & held)
        if safe == target:
            raise
        log.warning("not_loaded", model=model, versions=sorted(target - safe))
        given_up.add(server, model, target - safe)
        if live not in held:
            await load_versions(resources, server, model, safe)


async def load_versions(
    resources: "Resources", server: ModelServer, model: str, versions: set[int]
) -> None:
    """Serve exactly these versions of a model. Raises Unavailable where one cannot be loaded."""
    folder = resources.settings.model_repository / model
    config = await asyncio.to_thread(component_config, folder, versions)
    try:
        await server.load(model, config)
    except RequestRefused as refused:
        raise Unavailable(str(refused), reason="models") from refused
    log.info("model_loaded", model=model, versions=sorted(versions))


async def ready_versions(server: ModelServer) -> defaultdict[str, set[int]]:
    """Which versions of each component are ready. Raises Unavailable."""
    found = defaultdict[str, set[int]](set)
    for line in await server.index():
        if line.is_ready and line.version:
            found[line.model].add(int(line.version))
    return found


async def serves(server: ModelServer, deployment: Deployment) -> bool:
    """Whether the ensemble answers with exactly these versions. Raises Unavailable."""
    if not await server.is_ready(names.ENSEMBLE):
        return False
    return await server.pinned_versions(names.ENSEMBLE) == deployment.versions


async def is_applied(resources: "Resources", deployment: Deployment) -> bool:
    """Whether every Triton server serves it. Raises Unavailable where one is away."""
    return all(await all_of(serves(server, deployment) for server in resources.model_servers))


async def is_at(resources: "Resources", deployment_id: str) -> bool:
    """Whether this deployment is live, and every server serves it. Raises Unavailable."""
    live = await get_live_deployment()
    return live.id == deployment_id and await is_applied(resources, live)


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
