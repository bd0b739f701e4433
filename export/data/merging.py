"""Photos of one or several readers, each picture once, and sessions that share a picture as one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from export.data.groups import Groups
from export.data.items import Item
from export.data.pictures import near_pairs
from export.data.remarks import Reason, Remarks


def settle(items: Sequence[Item], remarks: Remarks) -> list[Item]:
    """``items`` without repeated contents; groups that share a picture get the least one's name.

    Of a repeated content the first one stays, unless their grades differ: then none does. A
    picture that was merely saved anew stays too, within one group with the other.
    Raises BadData where a strict reader meets a fault.
    """
    groups = Groups()
    kept = _once(items, groups, remarks)
    _join_near(kept, groups, remarks)
    return [replace(item, group=groups.root(item.group)) for item in kept]


def _once(items: Sequence[Item], groups: Groups, remarks: Remarks) -> list[Item]:
    copies: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        copies[item.digest].append(item)
    kept = []
    for first, *others in copies.values():
        for other in others:
            groups.join(first.group, other.group)
        if any(other.grades != first.grades for other in others):
            names = ", ".join(item.path.name for item in (first, *others))
            remarks.add(Reason.OTHER_GRADES, names)
            continue
        for other in others:
            remarks.add(Reason.REPEATED_CONTENT, other.path.name, f"as {first.path.name}")
        kept.append(first)
    return kept


def _join_near(items: Sequence[Item], groups: Groups, remarks: Remarks) -> None:
    for one, other in near_pairs([item.picture for item in items]):
        first, second = items[one], items[other]
        names = f"{first.path.name}, {second.path.name}"
        if first.grades != second.grades:
            remarks.add(Reason.SHARED_PICTURE_OTHER_GRADES, names)
        if groups.root(first.group) != groups.root(second.group):
            remarks.add(Reason.SHARED_PICTURE, names)
            groups.join(first.group, second.group)
