"""Counts what a document holds as it is written, looking at each of its nodes once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from schema.limits import (
    FIELD_LIMITS,
    MAX_ALIASES,
    MAX_DIRECTIVES,
    MAX_FIELDS,
    MAX_FRAGMENTS,
    MAX_MUTATIONS,
    MAX_OPERATIONS,
    MAX_REPEATS,
    MAX_ROOT_FIELDS,
    MAX_SPREADS,
    MAX_VALUES,
    check,
)


def check_written(document: DocumentNode) -> None:
    """Definitions, fields, aliases, directives and spreads. Raises LimitExceeded."""
    fragments = fragments_of(document)
    check("fragments", len(fragments), MAX_FRAGMENTS)
    check("operations", len(document.definitions) - len(fragments), MAX_OPERATIONS)
    found: Counter[str] = Counter()
    for definition in document.definitions:
        found["directives"] += len(getattr(definition, "directives", None) or ())
        for selection in _written(getattr(definition, "selection_set", None)):
            found["directives"] += len(selection.directives or ())
            found["spreads"] += isinstance(selection, FragmentSpreadNode)
            if isinstance(selection, FieldNode):
                found["fields"] += 1
                found["aliases"] += selection.alias is not None
    check("fields", found["fields"], MAX_FIELDS)
    check("aliases", found["aliases"], MAX_ALIASES)
    check("directives", found["directives"], MAX_DIRECTIVES)
    check("spreads", found["spreads"], MAX_SPREADS)


def check_root(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> None:
    """What the operation asks of the root, through fragments too. Raises LimitExceeded.

    Fields of one response name are one: they are merged, and run once.
    """
    names = _root_fields(operation, fragments)
    if operation.operation is OperationType.MUTATION:
        check("mutations", len(names), MAX_MUTATIONS)
    check("rootFields", len(names), MAX_ROOT_FIELDS)
    times = Counter(names.values())
    for field, maximum in FIELD_LIMITS.items():
        check(field, times[field], maximum)


def check_variables(variables: object) -> None:
    """How many values were sent as variables, however nested. Raises LimitExceeded."""
    count, waiting = 0, [variables]
    while waiting:
        value = waiting.pop()
        inner: Any = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            count += len(value)
            check("variables", count, MAX_VALUES)
            waiting.extend(inner)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """By name; of two with one name, which no rule lets pass, the last."""
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def _root_fields(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> dict[str, str]:
    """Response name → field; each fragment is looked at once."""
    names: dict[str, str] = {}
    waiting, seen = [operation.selection_set], set[str]()
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                names[(selection.alias or selection.name).value] = selection.name.value
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in fragments and name not in seen:
                    seen.add(name)
                    waiting.append(fragments[name].selection_set)
            else:
                waiting.append(selection.selection_set)  # type: ignore[attr-defined]
    return names


def _written(selection_set: SelectionSetNode | None) -> Iterator[SelectionNode]:
    """Every selection below, fragments not followed, without recursion."""
    waiting = [selection_set] if selection_set else []
    while waiting:
        current = waiting.pop()
        _check_repeats(current)
        for selection in current.selections:
            yield selection
            inner = getattr(selection, "selection_set", None)
            if inner:
                waiting.append(inner)


def _check_repeats(selection_set: SelectionSetNode) -> None:
    seen: dict[str, int] = {}
    for selection in selection_set.selections:
        name = getattr(selection, "alias", None) or getattr(selection, "name", None)
        if name is not None:
            seen[name.value] = seen.get(name.value, 0) + 1
            check("repeats", seen[name.value], MAX_REPEATS)
