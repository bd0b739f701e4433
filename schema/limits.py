"""What one document may ask for, and the error that names which limit it exceeds."""

from typing import Final

from graphql import GraphQLError

MAX_TOKENS: Final = 3_000
MAX_FIELDS: Final = 500
MAX_ALIASES: Final = 100
MAX_DIRECTIVES: Final = 50
MAX_FRAGMENTS: Final = 50
MAX_REPEATS: Final = 10
"""Times that one name may stand in one selection: the rule that merges them is quadratic."""
MAX_DEPTH: Final = 12
MAX_COST: Final = 50_000
MAX_MUTATIONS: Final = 10


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
