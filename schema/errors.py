"""Expected failures as members of result unions, and as top-level errors with a stable code."""

from typing import Any, Final, Generic, Self, TypeVar

import strawberry
from pymongo.errors import PyMongoError
from strawberry.types.field import StrawberryField

from dupi.accounts.models import ConsentKind
from dupi.errors import (
    Conflict,
    ConsentRequired,
    DupiError,
    ErrorCode,
    FieldErrorCode,
    FieldProblem,
    Forbidden,
    ImageQualityReason,
    InvalidCredentials,
    InvalidInput,
    NotFound,
    PoorImage,
    RateLimited,
    RetryLater,
    Unauthenticated,
    Unavailable,
    UnsupportedImage,
)
from dupi.knowledge.vocabulary import Locale
from dupi.store import store_errors
from schema import enums  # noqa: F401  (registers the enums used below)
from schema.context import Info
from schema.messages import field_message, message_of

E = TypeVar("E", bound=Exception)


@strawberry.interface
class UserError:
    code: ErrorCode
    message: str


@strawberry.type
class FieldError:
    """``path``: below ``input``, such as ``["survey", "products", "0"]``."""

    path: list[str]
    code: FieldErrorCode
    message: str

    @classmethod
    def from_problem(cls, problem: FieldProblem, locale: Locale) -> Self:
        message = field_message(problem.code, locale)
        return cls(path=list(problem.path), code=problem.code, message=message)


@strawberry.type
class InvalidInputError(UserError):
    fields: list[FieldError]

    @classmethod
    def from_error(cls, error: InvalidInput, locale: Locale) -> Self:
        fields = [FieldError.from_problem(problem, locale) for problem in error.fields]
        return cls(code=error.code, message=message_of(error, locale), fields=fields)


@strawberry.type
class UnauthenticatedError(UserError):
    """No session: refresh once, then log in."""

    @classmethod
    def from_error(cls, error: Unauthenticated, locale: Locale) -> Self:
        return cls(code=error.code, message=message_of(error, locale))


@strawberry.type
class NotFoundError(UserError):
    @classmethod
    def from_error(cls, error: NotFound, locale: Locale) -> Self:
        return cls(code=error.code, message=message_of(error, locale))


@strawberry.type
class InvalidCredentialsError(UserError):
    """Wrong password, spent refresh token: never refresh on it."""

    @classmethod
    def from_error(cls, error: InvalidCredentials, locale: Locale) -> Self:
        return cls(code=error.code, message=message_of(error, locale))


@strawberry.type
class ForbiddenError(UserError):
    """This role or key may never do this."""

    @classmethod
    def from_error(cls, error: Forbidden, locale: Locale) -> Self:
        return cls(code=error.code, message=message_of(error, locale))


@strawberry.type
class ConflictError(UserError):
    """``currentId``: what stands instead."""

    current_id: strawberry.ID | None

    @classmethod
    def from_error(cls, error: Conflict, locale: Locale) -> Self:
        """``current_id`` of the error must be a global id already: only callers know its type."""
        current_id = None if error.current_id is None else strawberry.ID(error.current_id)
        return cls(code=error.code, message=message_of(error, locale), current_id=current_id)


@strawberry.type
class ConsentRequiredError(UserError):
    kind: ConsentKind

    @classmethod
    def from_error(cls, error: ConsentRequired, locale: Locale) -> Self:
        kind = ConsentKind(error.kind)
        return cls(code=error.code, message=message_of(error, locale), kind=kind)


@strawberry.type
class RateLimitedError(UserError):
    retry_after_seconds: int

    @classmethod
    def from_error(cls, error: RateLimited, locale: Locale) -> Self:
        seconds = error.retry_after_seconds
        return cls(code=error.code, message=message_of(error, locale), retry_after_seconds=seconds)


@strawberry.type
class UnavailableError(UserError):
    retry_after_seconds: int

    @classmethod
    def from_error(cls, error: Unavailable, locale: Locale) -> Self:
        seconds = error.retry_after_seconds
        return cls(code=error.code, message=message_of(error, locale), retry_after_seconds=seconds)


@strawberry.type
class UnsupportedImageError(UserError):
    @classmethod
    def from_error(cls, error: UnsupportedImage, locale: Locale) -> Self:
        return cls(code=error.code, message=message_of(error, locale))


@strawberry.type
class PoorImageError(UserError):
    reasons: list[ImageQualityReason]

    @classmethod
    def from_error(cls, error: PoorImage, locale: Locale) -> Self:
        reasons = list(error.reasons)
        return cls(code=error.code, message=message_of(error, locale), reasons=reasons)


class _Member(Generic[E]):
    """Turns one kind of failure into its member, on every field whose union has that member."""

    def __init__(self, exception_type: type[E], error_type: Any) -> None:
        self.exception_type = exception_type
        self.error_type = error_type

    def handle(self, exception: E, *, field: StrawberryField, info: Info) -> Any:
        return self.error_type.from_error(exception, info.context.locale)


class _StoreAway(_Member[PyMongoError]):
    """A store that is away or full is met anywhere below; what is none of both is a fault."""

    def handle(self, exception: PyMongoError, *, field: StrawberryField, info: Info) -> Any:
        try:
            with store_errors():
                raise exception
        except Unavailable as away:
            return self.error_type.from_error(away, info.context.locale)


MEMBERS: Final = (
    _Member(InvalidInput, InvalidInputError),
    _Member(Unauthenticated, UnauthenticatedError),
    _Member(InvalidCredentials, InvalidCredentialsError),
    _Member(Forbidden, ForbiddenError),
    _Member(NotFound, NotFoundError),
    _Member(Conflict, ConflictError),
    _Member(ConsentRequired, ConsentRequiredError),
    _Member(RateLimited, RateLimitedError),
    _Member(Unavailable, UnavailableError),
    _StoreAway(PyMongoError, UnavailableError),
    _Member(UnsupportedImage, UnsupportedImageError),
    _Member(PoorImage, PoorImageError),
)


def extensions_of(error: DupiError, locale: Locale) -> dict[str, Any]:
    """``extensions`` of a top-level error: the code, and what its union member would say."""
    shown: dict[str, Any] = {"code": error.code.value}
    if isinstance(error, RetryLater):
        shown["retryAfterSeconds"] = error.retry_after_seconds
    if isinstance(error, InvalidInput):
        shown["fields"] = [_shown_problem(problem, locale) for problem in error.fields]
    if isinstance(error, ConsentRequired):
        shown["kind"] = str(error.kind)
    return shown


def _shown_problem(problem: FieldProblem, locale: Locale) -> dict[str, Any]:
    message = field_message(problem.code, locale)
    return {"path": list(problem.path), "code": problem.code.value, "message": message}
