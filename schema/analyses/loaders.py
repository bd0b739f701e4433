"""What many analyses of a list need, in one read, however many the list shows.

Nothing is kept: a socket's context lives for hours.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

from strawberry.dataloader import DataLoader

from dupi.analyses import history
from dupi.analyses import service as analyses
from dupi.analyses.history import AnalysisKey, Comparison
from dupi.analyses.models import Analysis, Photo
from dupi.analyses.trends import TrendFilter, TrendPoint, read_trends
from dupi.knowledge.vocabulary import Condition
from dupi.resources import Resources

PhotoKey: TypeAlias = tuple[str, str]
"""Owner and photo."""

K = TypeVar("K", bound=tuple[object, ...])
V = TypeVar("V")


class TrendKey(NamedTuple):
    owner_id: str
    where: TrendFilter
    condition: Condition


def photo_loader(resources: Resources) -> DataLoader[PhotoKey, Photo | None]:
    """Photos by owner and id."""

    async def load_of(owner_id: str, keys: list[PhotoKey]) -> Mapping[PhotoKey, Photo]:
        photo_ids = sorted({photo_id for _, photo_id in keys})
        found = await analyses.get_photos(resources, owner_id=owner_id, photo_ids=photo_ids)
        return {(owner_id, photo.id): photo for photo in found}

    return _by_owner(load_of)


def whole_loader(resources: Resources) -> DataLoader[AnalysisKey, Analysis | None]:
    """Analyses with what lists leave out, but for the events."""

    async def load_of(owner_id: str, keys: list[AnalysisKey]) -> Mapping[AnalysisKey, Analysis]:
        ids = {key.analysis_id for key in keys}
        found = await history.get_analyses(resources, owner_id=owner_id, analysis_ids=ids)
        return {key: found[key.analysis_id] for key in keys if key.analysis_id in found}

    return _by_owner(load_of)


def comparison_loader(resources: Resources) -> DataLoader[AnalysisKey, Comparison | None]:
    """What changed since the analysis before."""

    async def load_of(owner_id: str, keys: list[AnalysisKey]) -> Mapping[AnalysisKey, Comparison]:
        found = await history.compare_with_previous(resources, owner_id=owner_id, keys=keys)
        return {key: found[key.analysis_id] for key in keys if key.analysis_id in found}

    return _by_owner(load_of)


def trend_loader(resources: Resources) -> DataLoader[TrendKey, list[TrendPoint] | None]:
    """Trends of several conditions: one read for those of the same site and time."""

    async def load_of(owner_id: str, keys: list[TrendKey]) -> Mapping[TrendKey, list[TrendPoint]]:
        wanted: defaultdict[TrendFilter, set[Condition]] = defaultdict(set)
        for key in keys:
            wanted[key.where].add(key.condition)
        found = {
            where: await read_trends(
                resources, owner_id=owner_id, conditions=conditions, where=where
            )
            for where, conditions in wanted.items()
        }
        return {key: found[key.where][key.condition] for key in keys}

    return _by_owner(load_of)


def _by_owner(
    load_of: Callable[[str, list[K]], Awaitable[Mapping[K, V]]],
) -> DataLoader[K, V | None]:
    """A loader whose keys begin with an owner, and that asks once for each of them; ``None`` for
    what is not found."""

    async def load(keys: list[K]) -> list[V | None]:
        found: dict[K, V] = {}
        for owner_id, owned in _owned(keys).items():
            found |= await load_of(owner_id, owned)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load, cache=False)


def _owned(keys: Iterable[K]) -> dict[str, list[K]]:
    owned: defaultdict[str, list[K]] = defaultdict(list)
    for key in keys:
        owned[str(key[0])].append(key)
    return owned
