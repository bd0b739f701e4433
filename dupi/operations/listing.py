"""Every model with its versions: what is published, and what the Triton servers make of it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dupi.adapters.triton import ModelServer, ModelState
from dupi.clock import utc_now
from dupi.concurrency import all_of
from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.operations.advisors import find_advisors
from dupi.operations.deployments import find_live_deployment
from dupi.operations.models import Deployment, Shadow
from dupi.operations.published import Unreadable, all_published
from dupi.operations.shadows import list_newest
from dupi.operations.wording import without_places
from dupi.vision import contract as names
from dupi.vision.contract import Manifest

if TYPE_CHECKING:
    from dupi.resources import Resources

SHOWN: Final = 50
"""Versions of a model that are listed, newest first."""
_ON_PURPOSE: Final = ("", "unloaded")
"""Triton's reasons for not serving a version that are no failure."""
_NOT_TOLD: Final = "not told by its server; see the card of its weights"
_NOT_READ: Final = "not known: its manifest cannot be read"
_CONDITION_OF: Final = dict(zip(names.HEADS, Condition, strict=True))


class ModelKind(StrEnum):
    TRUNK = "TRUNK"
    HEAD = "HEAD"
    ENSEMBLE = "ENSEMBLE"
    ADVISOR = "ADVISOR"


class ModelVersionState(StrEnum):
    """READY: on every server that answers. FAILED: a server tried to load it in vain, or its
    manifest cannot be read."""

    PUBLISHED = "PUBLISHED"
    LOADING = "LOADING"
    READY = "READY"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """``trunk_version``: what a head was trained on; ``data_sha256``: digest of what it was trained
    on, where that is known."""

    version: str
    state: ModelVersionState
    trunk_version: str | None
    published_at: datetime
    trained_on: str
    data_sha256: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class ListedModel:
    """``condition`` for a head that grades one; ``shadows`` newest first."""

    name: str
    kind: ModelKind
    condition: Condition | None
    live_version: str | None
    versions: Sequence[ListedVersion]
    shadows: Sequence[Shadow]


async def list_models(resources: "Resources") -> list[ListedModel]:
    """Every component, trunk first, then the advisor. A server that is away does not count."""
    folder = resources.settings.model_repository
    published = await asyncio.to_thread(all_published, folder)
    live = await find_live_deployment()
    lines = await _lines(resources.model_servers)
    models = [await _listed(model, published[model], live, lines) for model in names.COMPONENTS]
    return [*models, await _listed_advisor(resources, live)]


async def _listed(
    model: str, published: Sequence[Manifest | Unreadable], live: Deployment | None, lines: "_Lines"
) -> ListedModel:
    return ListedModel(
        name=model,
        kind=ModelKind.TRUNK if model == names.TRUNK else ModelKind.HEAD,
        condition=_CONDITION_OF.get(model),
        live_version=str(live.versions[model]) if live else None,
        versions=[_version(one, lines) for one in published[:SHOWN]],
        shadows=await list_newest(model),
    )


async def _listed_advisor(resources: "Resources", live: Deployment | None) -> ListedModel:
    """The versions that are served somewhere, in the order of the settings' endpoints."""
    found = [one.identity for one in await find_advisors(resources)]
    versions = dict.fromkeys(one.version for one in found if one and one.version)
    return ListedModel(
        name=resources.settings.advisor.model,
        kind=ModelKind.ADVISOR,
        condition=None,
        live_version=live.advisor.version if live else None,
        versions=[await _served_advisor(version) for version in versions],
        shadows=[],
    )


async def _served_advisor(version: str) -> ListedVersion:
    """``published_at``: when a deployment first named it, else now: its server does not say."""
    first = await Deployment.find({"advisor.version": version}).sort("+number").first_or_none()
    return ListedVersion(
        version=version,
        state=ModelVersionState.READY,
        trunk_version=None,
        published_at=first.created_at if first else utc_now(),
        trained_on=_NOT_TOLD,
        data_sha256=None,
        failure=None,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """What ``servers`` servers say about each version of a model."""

    servers: int
    said: dict[tuple[str, str], list[ModelState]]


async def _lines(servers: Iterable[ModelServer]) -> _Lines:
    async def ask(server: ModelServer) -> list[ModelState] | None:
        try:
            return await server.index()
        except Unavailable:
            return None

    answers = [found for found in await all_of(ask(one) for one in servers) if found is not None]
    said = defaultdict[tuple[str, str], list[ModelState]](list)
    for line in (line for answer in answers for line in answer):
        said[line.model, line.version].append(line)
    return _Lines(len(answers), said)


def _version(found: Manifest | Unreadable, lines: _Lines) -> ListedVersion:
    return _unreadable(found) if isinstance(found, Unreadable) else _readable(found, lines)


def _unreadable(found: Unreadable) -> ListedVersion:
    return ListedVersion(
        version=str(found.version),
        state=ModelVersionState.FAILED,
        trunk_version=None,
        published_at=found.written_at,
        trained_on=_NOT_READ,
        data_sha256=None,
        failure=without_places(found.why),
    )


def _readable(manifest: Manifest, lines: _Lines) -> ListedVersion:
    said = lines.said.get((manifest.model, str(manifest.version)), [])
    broken = [line.reason for line in said if _is_broken(line)]
    published_at = datetime.fromisoformat(manifest.published_at)
    return ListedVersion(
        version=str(manifest.version),
        state=ModelVersionState.FAILED if broken else _state(said, lines.servers),
        trunk_version=str(manifest.trunk_version),
        published_at=published_at if published_at.tzinfo else published_at.replace(tzinfo=UTC),
        trained_on=manifest.trained_on,
        data_sha256=manifest.data_sha256,
        failure=without_places(broken[0]) if broken else None,
    )


def _is_broken(line: ModelState) -> bool:
    return line.state == "UNAVAILABLE" and line.reason not in _ON_PURPOSE


def _state(said: Sequence[ModelState], servers: int) -> ModelVersionState:
    if any(line.state == "LOADING" for line in said):
        return ModelVersionState.LOADING
    ready = sum(line.is_ready for line in said)
    if ready == 0:
        return ModelVersionState.PUBLISHED
    return ModelVersionState.READY if ready == servers else ModelVersionState.LOADING
