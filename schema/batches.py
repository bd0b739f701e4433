"""Answers to many questions of one kind from one read, however many a list asks."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")

Pair = tuple[str, str]


def batch_loader(
    read: Callable[[Iterable[K]], Awaitable[Mapping[K, V]]], *, default: V
) -> DataLoader[K, V]:
    """Collects what is asked for at once; ``default`` where ``read`` found nothing. Nothing is
    kept: a socket's context lives for hours."""

    async def load(keys: list[K]) -> list[V]:
        found = await read(dict.fromkeys(keys))
        return [found.get(key, default) for key in keys]

    return DataLoader(load_fn=load, cache=False)


def by_first(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """The second halves, sorted, by the first."""
    groups: dict[str, list[str]] = {}
    for first, second in sorted(set(pairs)):
        groups.setdefault(first, []).append(second)
    return groups
