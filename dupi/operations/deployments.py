"""Deployments in the store: which is live, preparing one, going live, giving up."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.clock import epoch_ms, utc_now
from dupi.errors import Conflict, NotFound, Unavailable
from dupi.ids import new_id, sort_key
from dupi.logs import get_logger
from dupi.operations.models import DeployedAdvisor, DeployedModel, Deployment, DeploymentState
from dupi.operations.published import newest_published
from dupi.paging import Page, PageRequest, fetch_page
from dupi.vision import contract as names
from dupi.vision.contract import Manifest

if TYPE_CHECKING:
    from dupi.resources import Resources

PREPARED_FOR_MS: Final = 60_000
"""Whoever prepares a deployment and is silent for this long has died over it."""
_FIRST_NUMBER: Final = 1
_TRIES: Final = 20
_LATEST: Final = 50
_ONCE_LIVE: Final = (DeploymentState.LIVE, DeploymentState.RETIRED)
_CUT_OFF: Final = "the process that prepared it ended"

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


async def deployment_of(versions: Mapping[str, int]) -> Deployment:
    """The deployment under which models of these versions answered: the live one, or a late one
    that Triton still served.

    Raises Unavailable where no such deployment was live: its thresholds are not known.
    """
    live = await get_live_deployment()
    if live.versions == versions:
        return live
    for late in await Deployment.find({}).sort("-number").limit(_LATEST).to_list():
        if late.state in _ONCE_LIVE and late.versions == versions:
            return late
    raise Unavailable("no deployment has the versions that answered", reason="deployment")


async def get_deployment(*, deployment_id: str) -> Deployment:
    """Raises NotFound."""
    found = await Deployment.get(deployment_id)
    if found is None:
        raise NotFound(f"no deployment {deployment_id}")
    return await _as_seen(found)


async def list_deployments(*, page: PageRequest) -> Page[Deployment]:
    """Newest first."""
    found = await fetch_page(Deployment, {}, page)
    items = [await _as_seen(deployment) for deployment in found.items]
    return Page(tuple(items), found.has_next, found.has_previous)


async def _as_seen(deployment: Deployment) -> Deployment:
    """One is live: what was replaced a moment ago, and is not marked so yet, is retired."""
    if deployment.state is DeploymentState.LIVE:
        live = await find_live_deployment()
        if live is not None and live.number > deployment.number:
            retired: Deployment = deployment.model_copy(update={"state": DeploymentState.RETIRED})
            return retired
    return deployment


async def ensure_first_deployment(resources: "Resources") -> Deployment:
    """The live deployment; where there is none, one of the newest published versions.

    Raises Unavailable where models are missing, MixedTrunks where they do not fit together.
    """
    live = await find_live_deployment()
    if live is not None:
        return live
    manifests = await asyncio.to_thread(newest_published, resources.settings.model_repository)
    first = _first_of(resources, manifests)
    try:
        await first.insert()
    except DuplicateKeyError:  # another process was faster
        return await get_live_deployment()
    return first


def _first_of(resources: "Resources", manifests: dict[str, Manifest]) -> Deployment:
    now, deployment_id = utc_now(), new_id()
    return Deployment(
        id=deployment_id,
        number=_FIRST_NUMBER,
        state=DeploymentState.LIVE,
        models=[deployed(manifests[model]) for model in names.COMPONENTS],
        input_size=manifests[names.TRUNK].input_size,
        advisor=DeployedAdvisor(
            model=resources.settings.advisor.model, version=None, endpoint=None
        ),
        created_at=now,
        live_at=now,
        sort_key=sort_key(now, deployment_id),
    )


def deployed(manifest: Manifest) -> DeployedModel:
    return DeployedModel(
        model=manifest.model,
        version=str(manifest.version),
        trunk_version=str(manifest.trunk_version),
        abstain_below=manifest.abstain_below,
    )


async def insert_preparing(planned: Deployment) -> Deployment:
    """Store ``planned`` under the next number. Raises Conflict where too many do so at once."""
    for _ in range(_TRIES):
        newest = await Deployment.find({}).sort("-number").first_or_none()
        number = newest.number + 1 if newest else _FIRST_NUMBER
        numbered: Deployment = planned.model_copy(
            update={"number": number, "prepared_until_ms": _now_ms() + PREPARED_FOR_MS}
        )
        try:
            await numbered.insert()
        except DuplicateKeyError:
            continue
        return numbered
    raise Conflict("many deployments are being prepared")


async def still_preparing(deployment_id: str) -> bool:
    """Say that it is being worked at; whether it may go on."""
    renewed = await deployments().update_one(
        {"_id": deployment_id, "state": DeploymentState.PREPARING.value},
        {"$set": {"prepared_until_ms": _now_ms() + PREPARED_FOR_MS}},
    )
    return renewed.matched_count == 1


async def go_live(prepared: Deployment) -> Deployment:
    """The one write by which a deployment takes over from the one before.

    Raises Conflict where another did so first, or this one was given up meanwhile.
    """
    changes = {
        "state": DeploymentState.LIVE.value,
        "slot": f"after {prepared.previous_id}",
        "live_at": utc_now(),
        "is_audit_owed": True,
    }
    try:
        row = await deployments().find_one_and_update(
            {"_id": prepared.id, "state": DeploymentState.PREPARING.value},
            {"$set": changes},
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError as late:
        raise await _overtaken() from late
    if row is None:
        raise await _overtaken()
    live = Deployment.from_row(row)
    await retire_before(live)
    return live


async def _overtaken() -> Conflict:
    live = await find_live_deployment()
    return Conflict("another deployment went live first", current_id=live and live.id)


async def retire_before(live: Deployment) -> None:
    """Mark what ``live`` replaced. Safe to repeat."""
    await deployments().update_many(
        {"state": DeploymentState.LIVE.value, "number": {"$lt": live.number}},
        {"$set": {"state": DeploymentState.RETIRED.value, "retired_at_ms": _now_ms()}},
    )


async def give_up(deployment_id: str, failure: str) -> None:
    """The deployment failed, unless it is live; whatever is live goes on serving."""
    await deployments().update_one(
        {"_id": deployment_id, "state": DeploymentState.PREPARING.value},
        {
            "$set": {
                "state": DeploymentState.FAILED.value,
                "failure": failure,
                "is_audit_owed": True,
            }
        },
    )


async def list_preparing() -> list[Deployment]:
    """Those that somebody works at; the ones whose process died are given up."""
    alive = []
    for found in await Deployment.find({"state": DeploymentState.PREPARING.value}).to_list():
        if found.prepared_until_ms < _now_ms():
            log.warning("deployment_cut_off", number=found.number)
            await give_up(found.id, _CUT_OFF)
        else:
            alive.append(found)
    return alive


async def list_retired_since(milliseconds_ago: int) -> list[Deployment]:
    where = {
        "state": DeploymentState.RETIRED.value,
        "retired_at_ms": {"$gt": _now_ms() - milliseconds_ago},
    }
    return await Deployment.find(where).to_list()


def deployments() -> AsyncCollection[dict[str, Any]]:
    return Deployment.get_pymongo_collection()


def _now_ms() -> int:
    return epoch_ms(utc_now())
