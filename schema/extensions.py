"""What happens around every operation: limits, error codes, counting and logging."""

import time
from collections.abc import Iterator
from typing import Any

import structlog
from graphql import (
    ExecutionResult as CoreResult,
)
from graphql import (
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
)
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionResult, StreamExecutionResult

from dupi.errors import DupiError
from dupi.store import store_errors
from schema.context import Context
from schema.counting import check_variables
from schema.errors import extensions_of
from schema.limits import MAX_TOKENS
from schema.measuring import check_document
from schema.messages import internal_message, message_of
from schema.metrics import OPERATION_SECONDS, OPERATIONS, field_label
from schema.validating import validated

log = structlog.get_logger()

INTERNAL = "INTERNAL"
GRAPHQL_INVALID = "GRAPHQL_INVALID"


class DocumentLimits(SchemaExtension):
    """Refuses what is too large before the standard rules look at it."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        """Errors that are set here, also none, keep Strawberry from validating once more."""
        self.execution_context.pre_execution_errors = self._errors()
        yield

    def _errors(self) -> list[GraphQLError]:
        context = self.execution_context
        document, operation = context.graphql_document, _operation(context)
        if document is None or operation is None:
            return [GraphQLError("Name one of the operations to run.")]
        if operation.operation is OperationType.SUBSCRIPTION and not context.context.streams:
            return [GraphQLError("Subscribe by WebSocket, or accept text/event-stream.")]
        schema, variables = context.schema._schema, context.variables or {}
        try:
            check_variables(variables)
            check_document(schema, document, operation, variables)
        except GraphQLError as refused:
            return [refused]
        return validated(schema, document, context.validation_rules)


class ErrorCodes(SchemaExtension):
    """Gives every error its code; masks and logs what nobody expected."""

    def on_operation(self) -> Iterator[None]:
        yield
        self._code(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        self._code(result)
        yield

    def _code(self, result: Any) -> None:
        if isinstance(result, CoreResult | ExecutionResult) and result.errors:
            context: Context = self.execution_context.context
            result.errors = [coded(error, context) for error in result.errors]


class Observed(SchemaExtension):
    """Counts and times operations by their first root field: a name that clients cannot make up."""

    def on_operation(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        operation = _operation(self.execution_context)
        field = field_label(self.execution_context.schema._schema, operation)
        errors = getattr(self.execution_context.result, "errors", None) or []
        codes = sorted({str((error.extensions or {}).get("code")) for error in errors})
        OPERATIONS.labels(field=field, outcome=codes[0] if codes else "OK").inc()
        OPERATION_SECONDS.labels(field=field).observe(seconds)
        principal = self.execution_context.context.principal
        log.info(
            "graphql",
            field=field,
            seconds=round(seconds, 4),
            codes=codes,
            user_id=principal.user_id if principal else None,
        )


def coded(error: GraphQLError, context: Context) -> GraphQLError:
    """``error`` as clients see it: with ``extensions.code`` and ``extensions.requestId``."""
    if error.extensions and "requestId" in error.extensions:
        return error
    cause = _expected(error.original_error)
    if isinstance(cause, DupiError):
        shown = extensions_of(cause, context.locale)
        return _with(error, message_of(cause, context.locale), shown, context)
    if _is_clients_fault(error):
        return _with(error, error.message, _invalid(error), context)
    log.error("unexpected", exc_info=error.original_error or error, path=error.path)
    return _with(error, internal_message(context.locale), {"code": INTERNAL}, context)


def _expected(cause: BaseException | None) -> BaseException | None:
    """The cause; a store that is away is an expected one, wherever it was met."""
    try:
        with store_errors():
            if cause is not None:
                raise cause  # noqa: TRY301
    except DupiError as expected:
        return expected
    except BaseException as other:
        return other
    return None


def _is_clients_fault(error: GraphQLError) -> bool:
    """Refused by the parser, a rule or the coercion of what was sent; a resolver wraps a cause."""
    cause = error.original_error
    return cause is None or isinstance(cause, GraphQLError | StrawberryInputCoercionError)


def _invalid(error: GraphQLError) -> dict[str, Any]:
    if error.extensions and "code" in error.extensions:
        return dict(error.extensions)
    limit = _core_limit(error)
    return {"code": "LIMIT_EXCEEDED", "limit": limit} if limit else {"code": GRAPHQL_INVALID}


def _core_limit(error: GraphQLError) -> str | None:
    """The limits that graphql-core itself checks carry no code, only these words."""
    if isinstance(error, GraphQLSyntaxError):
        if "tokens" in error.message:
            return "tokens"
        return "depth" if "nest" in error.message.lower() else None
    return "introspection" if "introspection depth" in error.message else None


def _with(
    error: GraphQLError, message: str, shown: dict[str, Any], context: Context
) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=shown | {"requestId": context.request_id},
    )


def _operation(context: Any) -> OperationDefinitionNode | None:
    """The operation that was asked for; ``None`` also where several stand and none is named.

    (The context's own ``operation_name`` would take the first.)
    """
    if context.graphql_document is None:
        return None
    return get_operation_ast(context.graphql_document, context._provided_operation_name)
