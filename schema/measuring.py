"""Measures a document after parsing, before any rule that could be slow.

Two steps: counts of what is written (``schema.counting``: each node is looked at once), then depth
and cost of what it would expand to. A fragment is measured once however often it is spread, so a
document that doubles at every step costs no more to refuse than one that does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from dupi.paging import DEFAULT_SIZE, MAX_SIZE
from schema.counting import check_root, check_written, fragments_of
from schema.limits import MAX_COST, MAX_DEPTH, check

_MAX_LEVELS: Final = 60
"""Nesting with fragments counted too: bounds this module's own recursion."""
_MAX_INTROSPECTION_DEPTH: Final = 20

_LEAF: Final = 1
_OBJECT: Final = 10
_LIST_SIZE: Final = 4
_EXTRA: Final = {
    "signUp": 15_000,
    "logIn": 15_000,
    "refreshSession": 5_000,
    "deleteAccount": 15_000,
    "changePassword": 15_000,
    "requestPasswordReset": 5_000,
    "resetPassword": 15_000,
    "requestEmailVerification": 5_000,
    "uploadPhoto": 5_000,
    "uploadPostImage": 5_000,
    "posts": 200,
    "requestAnalysis": 5_000,
    "promoteModel": 5_000,
    "rollBackDeployment": 5_000,
    "shadowModel": 5_000,
    "trend": 2_000,
    "__schema": 20_000,
    "__type": 5_000,
}


@dataclass(frozen=True, slots=True)
class Measure:
    depth: int
    cost: int


_NOTHING: Final = Measure(0, 0)


def check_document(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Measure:
    """Depth and cost of ``operation``.

    Raises LimitExceeded, and GraphQLError for a spread of a fragment that is unknown or circular.
    """
    check_written(document)
    fragments = fragments_of(document)
    check_root(operation, fragments)
    measure = _Ruler(schema, fragments, operation, variables).measure(operation)
    check("depth", measure.depth, MAX_DEPTH)
    check("cost", measure.cost, MAX_COST)
    return measure


class _Ruler:
    """Measures one operation; each fragment once."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._variables = _defaults(operation) | dict(variables)
        self._known: dict[str, Measure] = {}
        self._open: set[str] = set()
        self._fragments = fragments

    def measure(self, operation: OperationDefinitionNode) -> Measure:
        root = self._schema.get_root_type(operation.operation)
        return self._selections(operation.selection_set, root, 0)

    def _selections(
        self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None, level: int
    ) -> Measure:
        check("depth", level, _MAX_LEVELS)
        parts = [self._selection(one, parent, level + 1) for one in selection_set.selections]
        return Measure(max(part.depth for part in parts), sum(part.cost for part in parts))

    def _selection(
        self, selection: SelectionNode, parent: GraphQLNamedType | None, level: int
    ) -> Measure:
        if isinstance(selection, FieldNode):
            return self._field(selection, parent, level)
        if isinstance(selection, FragmentSpreadNode):
            return self._fragment(selection.name.value, level)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = self._schema.get_type(condition.name.value) if condition else parent
            return self._selections(selection.selection_set, inner, level)
        return _NOTHING

    def _fragment(self, name: str, level: int) -> Measure:
        """Unknown and circular ones are refused here: the rules would list every place of them."""
        fragment = self._fragments.get(name)
        if fragment is None:
            raise GraphQLError(f"Unknown fragment '{name}'.")
        if name in self._open:
            raise GraphQLError(f"Cannot spread fragment '{name}' within itself.")
        if name not in self._known:
            self._open.add(name)
            inner = self._schema.get_type(fragment.type_condition.name.value)
            self._known[name] = self._selections(fragment.selection_set, inner, level)
            self._open.discard(name)
        return self._known[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        name, field = node.name.value, self._definition(node.name.value, parent)
        extra = _EXTRA.get(name, 0)
        kind = get_named_type(field.type) if field else None
        if node.selection_set is None or (kind and is_leaf_type(kind)):
            return Measure(1, _LEAF + extra)
        children = self._selections(node.selection_set, kind, level)
        if name in {"__schema", "__type"}:
            check("introspection", children.depth, _MAX_INTROSPECTION_DEPTH)
            return Measure(1, extra)
        times = self._times(node, field, parent)
        return Measure(1 + children.depth, _OBJECT + extra + times * children.cost)

    def _definition(self, name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
        if name in {"__schema", "__type"}:
            kind = self._schema.type_map[name[0:2] + name[2:].capitalize()]
            return GraphQLField(kind) if isinstance(kind, GraphQLObjectType) else None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            field: GraphQLField | None = parent.fields.get(name)
            return field
        return None

    def _times(
        self, node: FieldNode, field: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> int:
        """How many times the children come: a page's size, or a guess for bounded lists."""
        if field is None:
            return 1
        if get_named_type(field.type).name.endswith("Connection"):
            return self._page_size(node)
        is_page = parent is not None and parent.name.endswith("Connection")
        return _LIST_SIZE if is_list_type(get_nullable_type(field.type)) and not is_page else 1

    def _page_size(self, node: FieldNode) -> int:
        """The greatest that is asked for: both ends at once are refused only later."""
        sizes = []
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                size = self._number(argument.value)
                check(argument.name.value, size, MAX_SIZE)
                sizes.append(size)
        return max((size for size in sizes if size > 0), default=DEFAULT_SIZE)

    def _number(self, value: Any) -> int:
        if isinstance(value, IntValueNode):
            return int(value.value) if len(value.value) < 10 else MAX_SIZE + 1
        if isinstance(value, VariableNode):
            given = self._variables.get(value.name.value)
            return given if isinstance(given, int) else 0
        return 0


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
        and len(definition.default_value.value) < 10
    }
