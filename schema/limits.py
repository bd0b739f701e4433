"""What one document may ask for, and the error that names which limit it exceeds."""

from typing import Final

from graphql import GraphQLError

MAX_LENGTH: Final = 20_000
"""Characters: the parser looks at each."""
MAX_TOKENS: Final = 2_000
MAX_OPERATIONS: Final = 10
MAX_FIELDS: Final = 500
MAX_ALIASES: Final = 100
MAX_DIRECTIVES: Final = 50
MAX_FRAGMENTS: Final = 50
MAX_SPREADS: Final = 200
MAX_REPEATS: Final = 10
"""Times that one name may stand in one selection: the rule that merges them is quadratic."""
MAX_COMPARISONS: Final = 3_000
"""Units of that rule's work; what clients send takes a few dozen."""
MAX_ERRORS: Final = 10
"""Errors of one document that are told."""
MAX_VALUES: Final = 1_000
"""Values in the variables."""
MAX_DEPTH: Final = 12
MAX_COST: Final = 25_000
MAX_ROOT_FIELDS: Final = 20
MAX_MUTATIONS: Final = 10
FIELD_LIMITS: Final = {
    "signUp": 1,
    "logIn": 1,
    "refreshSession": 1,
    "deleteAccount": 1,
    "changePassword": 1,
    "requestPasswordReset": 1,
    "resetPassword": 1,
    "requestEmailVerification": 1,
    "uploadPhoto": 4,
    "uploadPostImage": 4,
}
"""Times that one document may ask for what hashes a password, spends a token or decodes."""


class LimitExceeded(GraphQLError):
    """``limit`` names what was exceeded."""

    def __init__(self, limit: str, maximum: int) -> None:
        super().__init__(
            f"The document exceeds a limit: {limit} (at most {maximum}).",
            extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "maximum": maximum},
        )


def check(limit: str, found: int, maximum: int) -> None:
    """Raise LimitExceeded where ``found`` is above ``maximum``."""
    if found > maximum:
        raise LimitExceeded(limit, maximum)


def check_length(document: str | None) -> None:
    """Raise LimitExceeded for a text that is too long to be parsed."""
    check("length", len(document or ""), MAX_LENGTH)
