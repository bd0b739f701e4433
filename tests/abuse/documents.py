"""Random documents from the schema's own grammar, most of them nearly right."""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_list_type,
    is_required_argument,
)
from hypothesis import strategies as st

from schema.root import schema

Draw = Callable[[st.SearchStrategy[Any]], Any]

_ODD = ["null", "1", "-1", '""', '"x"', "1e400", "[]", "{}", "$v", "true", "NOTHING", '"\\u0000"']
_FITTING = {
    "Int": ["1", "0", "1991"],
    "Float": ["1.5"],
    "Boolean": ["true", "false"],
    "ID": ['"x"', "1"],
    "DateTime": ['"2026-11-24T08:00:00Z"'],
    "String": ['"x"', '"mina@example.com"', '"correct horse battery staple"'],
}
_DIRECTIVES = [*[""] * 40, " @include(if: true)", " @skip(if: $v)", " @unknown", " @include"]


@st.composite
def documents(draw: Draw) -> str:
    """Up to three operations and fragments, deep, wide, and wrong in places."""
    kinds = [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")]
    parts = []
    for number in range(1 + _rarely(draw)):
        word, root = draw(st.sampled_from(kinds))
        variables = draw(
            st.sampled_from([*[""] * 12, "($v: Boolean = false)", "($v: ID!)", "($v: X)"])
        )
        name = draw(st.sampled_from(["", f" Q{number}"]))
        parts.append(f"{word}{name}{variables} {_selection(draw, root, 4)}")
    for number in range(2 * _rarely(draw)):
        on = draw(st.sampled_from(["Query", "User", "Analysis", "Photo", "Nothing"]))
        parts.append(f"fragment F{number} on {on} {_selection(draw, on, 2)}")
    return " ".join(parts)


def _selection(draw: Draw, kind: str, depth: int) -> str:
    found = schema._schema.type_map.get(kind)
    chosen = [_one(draw, found, depth) for _ in range(draw(st.integers(1, 3)))]
    return "{ " + " ".join(chosen) + " }"


def _one(draw: Draw, kind: Any, depth: int) -> str:
    if _rarely(draw):
        return str(
            draw(st.sampled_from(["...F0", "...F1", "... { __typename }", "... on User { id }"]))
        )
    if isinstance(kind, GraphQLUnionType):
        member = draw(st.sampled_from([member.name for member in kind.types]))
        return f"... on {member} {_selection(draw, member, depth - 1)}" if depth else "__typename"
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or _rarely(draw):
        return str(
            draw(st.sampled_from(["__typename", "id", "nothing", "__schema { types { name } }"]))
        )
    name = draw(st.sampled_from(sorted(kind.fields)))
    return _field(draw, name, kind.fields[name], depth)


def _field(draw: Draw, name: str, field: GraphQLField, depth: int) -> str:
    alias = draw(st.sampled_from(["", "", "", "", "", "a: "]))
    given = [
        f"{arg}: {_value(draw, shape.type, 3)}"
        for arg, shape in field.args.items()
        if is_required_argument(shape) or _rarely(draw)
    ]
    arguments = f"({', '.join(given)})" if given else ""
    directive = draw(st.sampled_from(_DIRECTIVES))
    inner = get_named_type(field.type)
    is_leaf = isinstance(inner, GraphQLEnumType) or not hasattr(inner, "fields")
    if (is_leaf and not isinstance(inner, GraphQLUnionType)) or not depth:
        return f"{alias}{name}{arguments}{directive}"
    return f"{alias}{name}{arguments}{directive} {_selection(draw, inner.name, depth - 1)}"


def _value(draw: Draw, shape: Any, depth: int) -> str:
    if not depth or _rarely(draw):
        return str(draw(st.sampled_from(_ODD)))
    inner = get_named_type(shape)
    one = _plain(draw, inner, depth)
    return f"[{one}]" if is_list_type(getattr(shape, "of_type", shape)) else one


def _plain(draw: Draw, kind: Any, depth: int) -> str:
    if isinstance(kind, GraphQLInputObjectType):
        fields = [f"{n}: {_value(draw, f.type, depth - 1)}" for n, f in kind.fields.items()]
        return "{" + ", ".join(fields) + "}"
    if isinstance(kind, GraphQLEnumType):
        return str(draw(st.sampled_from(sorted(kind.values))))
    return str(draw(st.sampled_from(_FITTING.get(kind.name, ['"x"']))))


def _rarely(draw: Draw) -> bool:
    return bool(draw(st.integers(0, 24)) == 24)
