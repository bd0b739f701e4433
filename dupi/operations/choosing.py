"""Which versions a deployment is to have: what was asked for, checked against what is published."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import MARKS
from dupi.clock import utc_now
from dupi.errors import Conflict, FieldErrorCode, FieldProblem, InvalidInput, NotFound
from dupi.ids import new_id, sort_key
from dupi.operations.audit import Actor
from dupi.operations.deployments import deployed
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.published import MixedTrunks, read_manifest, refuse_mixed_trunks
from dupi.vision import contract as names
from dupi.vision.contract import Manifest

if TYPE_CHECKING:
    from dupi.resources import Resources

MAX_NOTE: Final = 500
_MAX_DIGITS: Final = 9
_ADVISOR: Final = re.compile(r"(?P<version>[A-Za-z0-9][A-Za-z0-9._-]{0,63})(@(?P<place>[1-9]))?")


@dataclass(frozen=True, slots=True)
class ChosenVersion:
    """As it was asked for."""

    model: str
    version: str


@dataclass(frozen=True, slots=True)
class WantedAdvisor:
    """``place``: at which endpoint of the settings, counted from 1, the usual one; absent: where it
    is served."""

    version: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Versions of the ensemble's models, and the advisor where it is named."""

    models: Mapping[str, int]
    advisor: WantedAdvisor | None = None

    def has_live_models(self, live: Deployment) -> bool:
        """Whether the models that are named are live in ``live``."""
        return all(live.versions[model] == version for model, version in self.models.items())


def read_chosen(chosen: Sequence[ChosenVersion], *, advisor: str) -> Wanted:
    """``advisor``: what the advisor is called.

    Raises InvalidInput (``versions``), NotFound for what is no version.
    """
    problems = [_problem(chosen, index, advisor) for index in range(len(chosen))]
    if not chosen:
        raise InvalidInput.at("versions", code=FieldErrorCode.TOO_FEW)
    if found := [problem for problem in problems if problem]:
        raise InvalidInput(found)
    models = {one.model: read_version(one.version) for one in chosen if one.model != advisor}
    named = next((one.version for one in chosen if one.model == advisor), None)
    return Wanted(models, None if named is None else _read_advisor(named))


def _read_advisor(text: str) -> WantedAdvisor:
    """``version`` or ``version@place``. Raises NotFound: no version is called so."""
    read = _ADVISOR.fullmatch(text)
    if not read or text.startswith(MARKS):
        raise NotFound("no such version")
    return WantedAdvisor(read["version"], int(read["place"]) if read["place"] else None)


def _problem(chosen: Sequence[ChosenVersion], index: int, advisor: str) -> FieldProblem | None:
    model, path = chosen[index].model, ("versions", str(index), "model")
    if model not in (*names.COMPONENTS, advisor):
        return FieldProblem(path, FieldErrorCode.INVALID)
    if model in {one.model for one in chosen[:index]}:
        return FieldProblem(path, FieldErrorCode.DUPLICATE)
    return None


def read_version(text: str) -> int:
    """Raises NotFound: no version is called so."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and text[0] != "0"):
        raise NotFound("no such version")
    return int(text)


def read_note(note: str | None) -> str | None:
    """Raises InvalidInput (``note``)."""
    if note is not None and len(note) > MAX_NOTE:
        raise InvalidInput.at("note", code=FieldErrorCode.TOO_LONG)
    return (note or "").strip() or None


async def changed_models(
    resources: "Resources", live: Deployment, chosen: Mapping[str, int]
) -> dict[str, Manifest]:
    """Manifests of the whole set: the live versions, and in their place what was chosen.

    Raises NotFound where a version is not published, Conflict where heads do not fit the trunk.
    """
    manifests = await read_set(resources, {**live.versions, **chosen})
    try:
        refuse_mixed_trunks(manifests)
    except MixedTrunks as mixed:
        raise Conflict(str(mixed), current_id=live.id, reason="mixed_trunks") from mixed
    sizes = {manifest.input_size for manifest in manifests.values()}
    if len(sizes) > 1:
        raise Conflict("input sizes differ", current_id=live.id, reason="mixed_trunks")
    return manifests


async def read_set(resources: "Resources", versions: Mapping[str, int]) -> dict[str, Manifest]:
    """Raises NotFound where one is not published."""
    folder = resources.settings.model_repository
    return {
        model: await asyncio.to_thread(read_manifest, folder, model, version)
        for model, version in versions.items()
    }


async def to_roll_back_to(live: Deployment, to_id: str | None) -> Deployment:
    """The deployment whose versions are wanted again; by default the one before: before what
    somebody chose, for what was adopted on top of it has the same classifiers.

    Raises NotFound where there is none, Conflict where it never was live.
    """
    wanted = to_id or (await _last_chosen(live)).previous_id
    found = await Deployment.get(wanted) if wanted else None
    if found is None:
        raise NotFound("there is no deployment to go back to")
    if found.state in (DeploymentState.PREPARING, DeploymentState.FAILED):
        raise Conflict("it never was live", current_id=live.id, reason="never_live")
    return found


async def _last_chosen(live: Deployment) -> Deployment:
    while live.is_adoption and (before := await Deployment.get(live.previous_id or "")):
        live = before
    return live


def planned_models(manifests: Mapping[str, Manifest]) -> dict[str, object]:
    """The fields of a deployment that the published versions decide."""
    return {
        "models": [deployed(manifests[model]) for model in names.COMPONENTS],
        "input_size": manifests[names.TRUNK].input_size,
    }


def planned_after(live: Deployment, actor: Actor, note: str | None) -> Deployment:
    """A deployment like the live one, to take over from it."""
    now, deployment_id = utc_now(), new_id()
    return Deployment(
        id=deployment_id,
        number=0,
        state=DeploymentState.PREPARING,
        models=live.models,
        input_size=live.input_size,
        advisor=live.advisor,
        previous_id=live.id,
        note=note,
        actor=actor,
        created_at=now,
        sort_key=sort_key(now, deployment_id),
    )
