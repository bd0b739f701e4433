"""The contract, without what has no subject yet."""

from pathlib import Path
from typing import Any, Final

from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)

CONTRACT: Final = Path(__file__).with_name("contract.graphql")

LATER: Final = frozenset(Path(__file__).with_name("later.txt").read_text("utf-8").split())
"""Fields that are not served yet: this list only ever gets shorter."""


def contract() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text("utf-8"))


def contract_so_far() -> GraphQLSchema:
    """The contract without ``LATER``, and without the types that only those fields reach."""
    whole = contract()
    for name in LATER:
        owner, _, field = name.partition(".")
        kind: Any = whole.type_map[owner]
        del kind.fields[field]
    reached = _reached(whole)
    for name in [name for name in whole.type_map if name not in reached]:
        del whole.type_map[name]
    return whole


def _reached(schema: GraphQLSchema) -> set[str]:
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    waiting: list[GraphQLNamedType] = [root for root in roots if root]
    reached: set[str] = {name for name in schema.type_map if name.startswith("__")}
    while waiting:
        kind = waiting.pop()
        if kind.name not in reached:
            reached.add(kind.name)
            waiting += _neighbours(schema, kind)
    return reached


def _neighbours(schema: GraphQLSchema, kind: Any) -> list[GraphQLNamedType]:
    if isinstance(kind, GraphQLUnionType):
        return list(kind.types)
    fields = list(getattr(kind, "fields", {}).values())
    arguments = [argument for field in fields for argument in getattr(field, "args", {}).values()]
    near = [get_named_type(one.type) for one in fields + arguments]
    is_event = kind.name == "AnalysisEvent"
    return near + (list(schema.get_possible_types(kind)) if is_event else [])
