"""Deployments: which one is live, making the first, and applying one to Triton.

The document is the truth. Everything here may run in several processes at once: the number of a
deployment is unique, and applying the same one twice changes nothing.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pymongo.errors import DuplicateKeyError

from dupi.adapters.triton_config import component_config
from dupi.clock import utc_now
from dupi.concurrency import all_of
from dupi.documents import plain
from dupi.errors import Unavailable
from dupi.ids import new_id, sort_key
from dupi.logs import get_logger
from dupi.operations.models import DeployedAdvisor, DeployedModel, Deployment, DeploymentState
from dupi.operations.published import newest_published
from dupi.vision import contract as names
from dupi.vision.contract import Manifest
from dupi.vision.ensemble import ensemble_config

if TYPE_CHECKING:
    from dupi.resources import Resources

_FIRST_NUMBER: Final = 1
_LOADS_AT_ONCE: Final = 2

log = get_logger(__name__)


async def get_live_deployment() -> Deployment:
    """Raises Unavailable where nothing is live yet."""
    deployment = await find_live_deployment()
    if deployment is None:
        raise Unavailable("no deployment is live", reason="deployment")
    return deployment


async def find_live_deployment() -> Deployment | None:
    where = {"state": DeploymentState.LIVE.value}
    return await Deployment.find(where).sort("-number").first_or_none()


async def get_deployment(*, deployment_id: str) -> Deployment | None:
    return await Deployment.get(deployment_id)


async def ensure_first_deployment(resources: "Resources") -> Deployment:
    """The live deployment; where there is none, one of the newest published versions.

    Raises Unavailable where models are missing, MixedTrunks where they do not fit together.
    """
    live = await find_live_deployment()
    if live is not None:
        return live
    manifests = await asyncio.to_thread(newest_published, resources.settings.model_repository)
    try:
        return await _first_of(resources, manifests).insert()
    except DuplicateKeyError:  # another process was faster
        return await get_live_deployment()


def _first_of(resources: "Resources", manifests: dict[str, Manifest]) -> Deployment:
    now, deployment_id = utc_now(), new_id()
    return Deployment(
        id=deployment_id,
        number=_FIRST_NUMBER,
        state=DeploymentState.LIVE,
        models=[_deployed(manifests[model]) for model in names.COMPONENTS],
        input_size=manifests[names.TRUNK].input_size,
        advisor=DeployedAdvisor(
            model=resources.settings.advisor.model, version=None, endpoint=None
        ),
        created_at=now,
        live_at=now,
        sort_key=sort_key(now, deployment_id),
    )


def _deployed(manifest: Manifest) -> DeployedModel:
    return DeployedModel(
        model=manifest.model,
        version=str(manifest.version),
        trunk_version=str(manifest.trunk_version),
        abstain_below=manifest.abstain_below,
    )


async def learn_advisor(resources: "Resources", deployment: Deployment) -> None:
    """Write down which version the advisor is, once it says so: it starts long after Triton.

    Raises Unavailable where the advisor is away.
    """
    if deployment.advisor.version is not None:
        return
    identity = await resources.advisor.identity()
    learned = deployment.advisor.model_copy(update={"version": identity.version})
    await Deployment.get_pymongo_collection().update_one(
        {"_id": deployment.id}, {"$set": {"advisor": plain(learned)}}
    )


async def is_applied(resources: "Resources", deployment: Deployment) -> bool:
    """Whether Triton answers with exactly these versions. Raises Unavailable where it is away."""
    if not await resources.model_server.is_ready(names.ENSEMBLE):
        return False
    pinned = await resources.model_server.pinned_versions(names.ENSEMBLE)
    return pinned == deployment.versions


async def apply_deployment(resources: "Resources", deployment: Deployment) -> None:
    """Load what is missing, then pin the ensemble to it. Safe to repeat. Raises Unavailable.

    The deployment before stays loaded beside it, so that rolling back takes no loading.
    """
    previous = deployment.previous_id and await Deployment.get(deployment.previous_id)
    before = previous.versions if previous else {}
    places = asyncio.Semaphore(_LOADS_AT_ONCE)
    await all_of(
        _load_component(resources, _Wanted(model, version, before.get(model, version)), places)
        for model, version in deployment.versions.items()
    )
    config = ensemble_config(deployment.versions, deployment.input_size)
    await resources.model_server.load(names.ENSEMBLE, config)
    log.info("deployment_applied", number=deployment.number, versions=deployment.versions)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Versions of one model: that to go live, and the one before (the same, if none other)."""

    model: str
    live: int
    previous: int


async def _load_component(
    resources: "Resources", wanted: _Wanted, places: asyncio.Semaphore
) -> None:
    async with places:
        if await resources.model_server.is_ready(wanted.model, str(wanted.live)):
            return
        folder = resources.settings.model_repository / wanted.model
        versions = {wanted.live, wanted.previous}
        config = await asyncio.to_thread(component_config, folder, versions)
        await resources.model_server.load(wanted.model, config)
        log.info("model_loaded", model=wanted.model, versions=sorted(versions))
