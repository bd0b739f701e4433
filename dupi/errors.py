"""Expected failures, each with a stable code.

DupiError
├── InvalidInput         INVALID_INPUT        what was sent does not fit; names the fields
├── Unauthenticated      UNAUTHENTICATED      no session, or a bad or expired token
├── InvalidCredentials   INVALID_CREDENTIALS  wrong password, spent refresh token
├── Forbidden            FORBIDDEN            this role may never do this
├── NotFound             NOT_FOUND            absent, or not yours: the same answer
├── Conflict             CONFLICT             something else stands there
├── ConsentRequired      CONSENT_REQUIRED     a consent must be given first
├── RateLimited          RATE_LIMITED         too many requests; says when to try again
├── Unavailable          UNAVAILABLE          a backend is away or full; says when to try again
├── UnsupportedImage     UNSUPPORTED_IMAGE    not an image that can be taken
└── PoorImage            POOR_IMAGE           an image too poor to be graded; says why

``message`` is English and for logs; ``reason`` is a short stable key, from which the API renders
text in the caller's language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    INVALID_INPUT = "INVALID_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    RATE_LIMITED = "RATE_LIMITED"
    UNSUPPORTED_IMAGE = "UNSUPPORTED_IMAGE"
    POOR_IMAGE = "POOR_IMAGE"
    UNAVAILABLE = "UNAVAILABLE"


class FieldErrorCode(StrEnum):
    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    TOO_FEW = "TOO_FEW"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    DUPLICATE = "DUPLICATE"
    TAKEN = "TAKEN"


class ImageQualityReason(StrEnum):
    TOO_SMALL = "TOO_SMALL"
    BLURRED = "BLURRED"
    TOO_DARK = "TOO_DARK"
    TOO_BRIGHT = "TOO_BRIGHT"
    LOW_CONTRAST = "LOW_CONTRAST"
    NOT_A_SCALP = "NOT_A_SCALP"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of the input, by its path below ``input`` (camelCase), and what is wrong."""

    path: tuple[str, ...]
    code: FieldErrorCode


class DupiError(Exception):
    code: ClassVar[ErrorCode]

    def __init__(self, message: str = "", *, reason: str | None = None) -> None:
        super().__init__(message or self.__doc__ or type(self).__name__)
        self.reason = reason


class InvalidInput(DupiError):
    """The input is not valid."""

    code = ErrorCode.INVALID_INPUT

    def __init__(self, fields: Sequence[FieldProblem], message: str = "") -> None:
        super().__init__(message)
        self.fields = tuple(fields)

    @classmethod
    def at(cls, *path: str, code: FieldErrorCode = FieldErrorCode.INVALID) -> "InvalidInput":
        return cls([FieldProblem(path, code)])


class Unauthenticated(DupiError):
    """There is no valid session."""

    code = ErrorCode.UNAUTHENTICATED


class InvalidCredentials(DupiError):
    """The credentials are wrong."""

    code = ErrorCode.INVALID_CREDENTIALS


class Forbidden(DupiError):
    """This role may not do this."""

    code = ErrorCode.FORBIDDEN


class NotFound(DupiError):
    """There is no such thing."""

    code = ErrorCode.NOT_FOUND


class Conflict(DupiError):
    """Something else stands there already."""

    code = ErrorCode.CONFLICT

    def __init__(
        self, message: str = "", *, current_id: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.current_id = current_id


class ConsentRequired(DupiError):
    """A consent must be given first; ``kind`` is a ConsentKind's name."""

    code = ErrorCode.CONSENT_REQUIRED

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class RetryLater(DupiError):
    """Base of what may succeed later."""

    def __init__(
        self, message: str = "", *, retry_after_seconds: int = 5, reason: str | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(RetryLater):
    """Too many requests."""

    code = ErrorCode.RATE_LIMITED


class Unavailable(RetryLater):
    """A part of the platform is away or full."""

    code = ErrorCode.UNAVAILABLE


class UnsupportedImage(DupiError):
    """The file is not an image that can be taken."""

    code = ErrorCode.UNSUPPORTED_IMAGE


class PoorImage(DupiError):
    """The image is too poor to be graded."""

    code = ErrorCode.POOR_IMAGE

    def __init__(self, reasons: Sequence[ImageQualityReason], message: str = "") -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)
