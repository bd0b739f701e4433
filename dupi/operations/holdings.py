"""Which versions of each model a Triton server is to hold."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dupi.adapters.triton import LONGEST_INFERENCE_S, ModelServer
from dupi.operations.deployments import list_preparing, list_retired_since
from dupi.operations.models import Deployment, Shadow
from dupi.operations.shadows import list_newest

_TRY_AGAIN_S: Final = 60.0
"""After that, a version that could not be loaded beside the live one is tried again."""

_LATEST: Final = 200


@dataclass(frozen=True, slots=True)
class Holdings:
    """Versions by model that a server must hold (live), is to hold beside them (the deployment
    before, shadows), and may keep (being prepared; or replaced so lately that an inference which
    began under them may not have ended). All others are dropped."""

    live: Mapping[str, int]
    beside: Mapping[str, set[int]]
    kept: Mapping[str, set[int]]

    def target(self, model: str, held: set[int], given_up: set[int]) -> set[int]:
        """What a server that holds ``held`` is to hold; without what is left alone for now."""
        beside = self.beside.get(model, set()) - (given_up - held)
        return {self.live[model]} | beside | (self.kept.get(model, set()) & held)


@dataclass
class GivenUp:
    """What could not be loaded beside the live versions, and until when it is left alone."""

    until: dict[tuple[int, str, int], float] = field(default_factory=dict)

    def add(self, server: ModelServer, model: str, versions: Iterable[int]) -> None:
        for version in versions:
            self.until[id(server), model, version] = time.monotonic() + _TRY_AGAIN_S

    def of(self, server: ModelServer, model: str) -> set[int]:
        now = time.monotonic()
        mine = (id(server), model)
        return {key[2] for key, until in self.until.items() if key[:2] == mine and until > now}


async def holdings(live: Deployment) -> Holdings:
    """As the store has it just now."""
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
    return Holdings(live.versions, beside, kept)


async def once_ours(model: str, versions: set[int]) -> set[int]:
    """Those of ``versions`` that one of the latest deployments or shadows used: they may be dropped
    once nothing uses them. What others load, by hand or by a platform with another store, stays."""
    newest = await Deployment.find({}).sort("-number").limit(_LATEST).to_list()
    used = {found.versions.get(model, 0) for found in newest}
    used |= {int(shadow.version) for shadow in await list_newest(model)}
    return versions & used
