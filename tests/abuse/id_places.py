"""Every place of the schema that takes an id, found by walking it, with a document for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)

from schema.root import schema

KIND_OF: Final = {
    "analysisId": ("Analysis",),
    "authorId": ("Author",),
    "commentId": ("Comment",),
    "contentId": ("Post", "Comment"),
    "expectedDeploymentId": ("Deployment",),
    "imageIds": ("PostImage",),
    "objectId": ("Post", "Comment", "Deployment"),
    "parentId": ("Comment",),
    "photoId": ("Photo",),
    "photoIds": ("Photo",),
    "postId": ("Post",),
    "sessionId": ("Session",),
    "shadowId": ("Shadow",),
    "toDeploymentId": ("Deployment",),
    "Query.analysis": ("Analysis",),
    "Query.node": (
        "Analysis",
        "Author",
        "Comment",
        "Consent",
        "DataExport",
        "Deployment",
        "Photo",
        "Post",
        "PostImage",
        "Report",
        "Session",
    ),
    "Query.post": ("Post",),
    "Subscription.analysisProgress": ("Analysis",),
}
"""What a place expects, by its name; those that are all called ``id``, by their field."""

TOGETHER: Final[dict[str, dict[str, Any]]] = {"analysisId": {"share": ["PLAN"]}}
"""What must stand beside an id to be looked at at all."""


@dataclass(frozen=True)
class Place:
    """``name``: of the argument, or of the field of ``input``."""

    operation: str
    field: str
    name: str
    is_list: bool
    input_type: GraphQLInputObjectType | None
    result: str

    def __str__(self) -> str:
        return f"{self.operation}.{self.field}.{self.name}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Raises KeyError for a place that nobody has thought of."""
        own = KIND_OF.get(f"{self.operation}.{self.field}")
        return own or KIND_OF[self.name]

    @property
    def document(self) -> str:
        selection = "{ __typename ... on UserError { code message } }"
        if self.input_type is not None:
            kind = self.input_type.name
            return f"mutation M($input: {kind}!) {{ {self.field}(input: $input) {selection} }}"
        words = "query Q" if self.operation == "Query" else "subscription S"
        return f"{words}($id: ID!) {{ {self.field}({self.name}: $id) {{ {self.result} }} }}"

    def variables(self, identity: str, own: dict[str, str]) -> dict[str, Any]:
        """Everything that is asked for is right, but for this id."""
        if self.input_type is None:
            return {"id": identity}
        given = {
            name: _value(name, field.type, own)
            for name, field in self.input_type.fields.items()
            if is_required_input_field(field)
        }
        beside = TOGETHER.get(self.name, {})
        given |= {name: beside[name] for name in beside if name in self.input_type.fields}
        given[self.name] = [identity] if self.is_list else identity
        return {"input": given}


def places() -> list[Place]:
    return sorted(_places(), key=str)


def inner_arguments() -> Iterator[str]:
    """Arguments of fields below the root that take ids: there are none, or the walk misses some."""
    core = schema._schema
    roots = (core.query_type, core.mutation_type, core.subscription_type)
    for kind in core.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind not in roots:
            for field_name, field in kind.fields.items():
                yield from (
                    f"{kind.name}.{field_name}.{name}"
                    for name, argument in field.args.items()
                    if _is_id(argument)
                )


def _places() -> Iterator[Place]:
    core = schema._schema
    for root in (core.query_type, core.mutation_type, core.subscription_type):
        assert root
        for field_name, field in root.fields.items():
            for argument_name, argument in field.args.items():
                yield from _places_of(root, field_name, field, argument_name, argument)


def _places_of(
    root: GraphQLObjectType, field_name: str, field: GraphQLField, name: str, argument: Any
) -> Iterator[Place]:
    kind = get_named_type(argument.type)
    result = "__typename"
    if isinstance(kind, GraphQLInputObjectType):
        for inner_name, inner in kind.fields.items():
            if _is_id(inner):
                is_list = is_list_type(get_nullable_type(inner.type))
                yield Place(root.name, field_name, inner_name, is_list, kind, result)
            else:
                assert not _holds_ids(inner), f"{kind.name}.{inner_name} holds ids: walk deeper"
    elif _is_id(argument):
        yield Place(root.name, field_name, name, False, None, result)


def _holds_ids(field: GraphQLInputField) -> bool:
    kind = get_named_type(field.type)
    return isinstance(kind, GraphQLInputObjectType) and any(map(_is_id, kind.fields.values()))


def _is_id(place: GraphQLArgument | GraphQLInputField) -> bool:
    return get_named_type(place.type).name == "ID"


def _value(name: str, kind: Any, own: dict[str, str]) -> Any:
    """Something right of this type; ids of one's own."""
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        return [own[KIND_OF[name][0]]] if get_named_type(kind).name == "ID" else []
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        required = {n: f for n, f in kind.fields.items() if is_required_input_field(f)}
        return {inner: _value(inner, field.type, own) for inner, field in required.items()}
    assert isinstance(kind, GraphQLScalarType)
    if kind.name == "ID":
        return own[KIND_OF[name][0]]
    return {"String": "글", "Int": 1, "Float": 1.0, "Boolean": False}[kind.name]
