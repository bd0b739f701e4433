"""What is counted of GraphQL operations, by root field: bounded by the schema, not by clients."""

from typing import Final

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode
from prometheus_client import Counter, Histogram

OPERATIONS: Final = Counter(
    "dupi_graphql_operations", "Operations by first root field and error code", ["field", "outcome"]
)
OPERATION_SECONDS: Final = Histogram(
    "dupi_graphql_operation_seconds",
    "Time of an operation; of a subscription, its whole life",
    ["field"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120),
)


def field_label(schema: GraphQLSchema, operation: OperationDefinitionNode | None) -> str:
    if operation is None:
        return "none"
    root = schema.get_root_type(operation.operation)
    for selection in operation.selection_set.selections:
        if isinstance(selection, FieldNode) and root and selection.name.value in root.fields:
            return selection.name.value
    return "other"
