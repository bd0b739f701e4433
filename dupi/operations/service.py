"""What operators do with models and deployments; and what the rest of the platform asks of them."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dupi.adapters.triton import RequestRefused
from dupi.concurrency import all_of
from dupi.errors import Conflict, InvalidInput, NotFound, Unavailable
from dupi.logs import get_logger
from dupi.operations import shadows
from dupi.operations.adopting import learn_advisor
from dupi.operations.advisors import chosen_advisor
from dupi.operations.applying import is_applied, reachable
from dupi.operations.audit import Actor
from dupi.operations.choosing import (
    ChosenVersion,
    Wanted,
    changed_models,
    planned_after,
    planned_models,
    read_chosen,
    read_note,
    read_set,
    read_version,
    to_roll_back_to,
)
from dupi.operations.deployments import (
    deployment_of,
    ensure_first_deployment,
    find_live_deployment,
    get_deployment,
    get_live_deployment,
    list_deployments,
    list_preparing,
)
from dupi.operations.listing import ListedModel, list_models
from dupi.operations.models import Deployment, DeploymentState, Shadow
from dupi.operations.promoting import bring_all_to_live, kept, take_over, wait_for
from dupi.operations.published import read_manifest
from dupi.operations.rolling_back import is_wanted_again, planned_back
from dupi.operations.shadows import get_shadow
from dupi.operations.trials import WrongAnswer, load_and_try
from dupi.vision.contract import HEADS

if TYPE_CHECKING:
    from dupi.resources import Resources

__all__ = [
    "ChosenVersion",
    "ListedModel",
    "deployment_of",
    "ensure_first_deployment",
    "find_live_deployment",
    "get_deployment",
    "get_live_deployment",
    "get_shadow",
    "is_applied",
    "learn_advisor",
    "list_deployments",
    "list_models",
    "promote",
    "roll_back",
    "shadow_model",
    "stop_shadow",
]

log = get_logger(__name__)


async def promote(  # noqa: PLR0913
    resources: "Resources",
    *,
    versions: Sequence[ChosenVersion],
    expected_id: str,
    actor: Actor,
    note: str | None = None,
    patience_s: float | None = None,
) -> Deployment:
    """Let versions go live as one deployment; models that are not named stay as they are. The
    advisor is named as ``settings.advisor.model`` is; the endpoint is the one that serves it, of
    several the live one, else the first. ``2@3``: version 2 at the third endpoint of the settings.

    Where just these are live already, that deployment is the answer. Answers after ``patience_s``
    seconds at most (``None``: in the end), when the deployment may still be ``PREPARING``; one
    whose versions could not be loaded or tried is ``FAILED``, and what was live still is.
    Raises InvalidInput (``versions``, ``note``), NotFound (a version that is not published, an
    advisor that is served nowhere),
    Conflict (``expected_id`` is not live; trunk and heads do not fit), Unavailable.
    """
    advisor = resources.settings.advisor.model
    chosen, text = read_chosen(versions, advisor=advisor), read_note(note)
    live = await get_live_deployment()
    if chosen.has_live_models(live) and await _has_live_advisor(resources, live, chosen):
        return live
    _refuse_other(live, expected_id)
    planned = planned_after(live, actor, text).model_copy(
        update=await _changes(resources, live, chosen)
    )
    return await _take_over_once(resources, planned, patience_s)


async def _changes(resources: "Resources", live: Deployment, chosen: Wanted) -> dict[str, object]:
    """The fields in which the new deployment differs from the live one."""
    changes: dict[str, object] = {}
    if chosen.models:
        changes |= planned_models(await changed_models(resources, live, chosen.models))
    if chosen.advisor is not None:
        changes["advisor"] = await chosen_advisor(resources, chosen.advisor, live.advisor)
    return changes


async def _has_live_advisor(resources: "Resources", live: Deployment, chosen: Wanted) -> bool:
    """The same version may be asked for at another endpoint. (One that is served nowhere just now
    is no other one.)"""
    wanted = chosen.advisor
    if wanted is None or wanted.version != live.advisor.version:
        return wanted is None
    try:
        return await chosen_advisor(resources, wanted, live.advisor) == live.advisor
    except NotFound:
        return wanted.place is None


async def roll_back(  # noqa: PLR0913
    resources: "Resources",
    *,
    expected_id: str,
    actor: Actor,
    to_id: str | None = None,
    note: str | None = None,
    patience_s: float | None = None,
) -> Deployment:
    """A new deployment of the versions of the one before, or of ``to_id``. Classifiers go back also
    where the advisor of their time is not served any more: then the live one stays.

    Asked again after a lost answer, the deployment that the first call made is the answer.
    Raises InvalidInput (``note``), NotFound (no such deployment; a version that is published no
    more), Conflict (``expected_id`` is not live; ``to_id`` never was), Unavailable.
    """
    text, live = read_note(note), await get_live_deployment()
    if await is_wanted_again(live, expected_id, to_id):
        return live
    _refuse_other(live, expected_id)
    target = await to_roll_back_to(live, to_id)
    if live.versions == target.versions and live.advisor == target.advisor:
        return live
    await read_set(resources, target.versions)
    planned = planned_after(live, actor, text).model_copy(
        update=await planned_back(resources, live, target, text)
    )
    return await _take_over_once(resources, planned, patience_s)


async def shadow_model(  # noqa: PLR0913
    resources: "Resources",
    *,
    model: str,
    version: str,
    sample_rate: float,
    actor: Actor,
    patience_s: float | None = None,
) -> Shadow:
    """Load a candidate head beside the live one, and let it see part of the photos.

    Raises InvalidInput (``model``: no head that grades; ``sampleRate``), NotFound (not published),
    Conflict (live already, of another trunk, or cannot be loaded), Unavailable.
    """
    if model not in HEADS:
        raise InvalidInput.at("model")
    shadows.refuse_rate(sample_rate)
    live, folder = await get_live_deployment(), resources.settings.model_repository
    candidate = await asyncio.to_thread(read_manifest, folder, model, read_version(version))
    shadows.refuse_as_shadow(live, candidate)
    await reachable(resources)
    shadow = await shadows.begin(live, candidate, rate=sample_rate, actor=actor)
    try:
        loading = _load_candidate(resources, {**live.versions, model: candidate.version}, live)
        if not await kept(loading, patience_s=patience_s):
            log.info("shadow_still_loading", model=model, version=version)
    except (Unavailable, RequestRefused, WrongAnswer) as broken:
        await shadows.stop(shadow.id, actor=actor)
        log.warning("shadow_not_loaded", model=model, version=version, error=str(broken))
        message = "the version cannot be loaded"
        raise Conflict(message, current_id=live.id, reason="not_loadable") from broken
    return shadow


async def stop_shadow(resources: "Resources", *, shadow_id: str, actor: Actor) -> Shadow:
    """End a shadow; what it came to stays. Raises NotFound."""
    return await shadows.stop(shadow_id, actor=actor)


async def _load_candidate(
    resources: "Resources", versions: Mapping[str, int], live: Deployment
) -> None:
    servers = await reachable(resources)
    await all_of(load_and_try(resources, one, versions, live.input_size) for one in servers)


def _refuse_other(live: Deployment, expected_id: str) -> None:
    if live.id != expected_id:
        raise Conflict("another deployment is live", current_id=live.id, reason="not_live")


async def _take_over_once(
    resources: "Resources", planned: Deployment, patience_s: float | None
) -> Deployment:
    """The same asked again while it is being prepared is the same deployment."""
    ends_at = None if patience_s is None else time.monotonic() + patience_s
    for other in await list_preparing():
        if _is_same(other, planned):
            found = await wait_for(other.id, patience_s=patience_s)
            return await _served(resources, found, ends_at)
    try:
        return await take_over(resources, planned, patience_s=patience_s)
    except Conflict:
        live = await get_live_deployment()
        if _is_same(live, planned):  # both began in the same moment
            return await _served(resources, live, ends_at)
        raise


async def _served(resources: "Resources", others: Deployment, ends_at: float | None) -> Deployment:
    """What somebody else made live is answered with once it is what Triton serves, too, or
    patience ends."""
    if others.state is DeploymentState.LIVE:
        left = None if ends_at is None else max(0.0, ends_at - time.monotonic())
        await kept(bring_all_to_live(resources), patience_s=left)
    return others


def _is_same(one: Deployment, other: Deployment) -> bool:
    same_models = (one.previous_id, one.models) == (other.previous_id, other.models)
    return same_models and one.advisor == other.advisor
