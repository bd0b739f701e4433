"""The standard rules, with bounds on the work that one document can make them do."""

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    validate,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.limits import MAX_COMPARISONS, MAX_ERRORS, LimitExceeded


class _BoundedOverlaps(OverlappingFieldsCanBeMergedRule):
    """The rule that compares fields in pairs: quadratic, so the pairs are numbered."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MAX_COMPARISONS


def validated(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: tuple[type[ASTValidationRule], ...],
) -> list[GraphQLError]:
    """What ``rules`` and Strawberry's own have to say: the first few errors, or a limit."""
    bounded = [
        _BoundedOverlaps if rule is OverlappingFieldsCanBeMergedRule else rule for rule in rules
    ]
    errors = validate(
        schema,
        document,
        [*bounded, MaybeNullValidationRule, OneOfInputValidationRule],
        max_errors=MAX_ERRORS,
        hide_suggestions=True,
    )
    was_cut_short = bool(errors) and isinstance(errors[-1], ValidationAbortedError)
    if was_cut_short and len(errors) <= MAX_ERRORS:
        return [LimitExceeded("comparisons", MAX_COMPARISONS)]
    return errors[:MAX_ERRORS]
