"""Payloads and result unions of the account mutations."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from schema.accounts.types import Consent, Session, SessionTokens, User
from schema.errors import (
    ConflictError,
    ConsentRequiredError,
    ForbiddenError,
    InvalidCredentialsError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)


@strawberry.type
class SignUpPayload:
    session: Session
    tokens: SessionTokens
    viewer: User


@strawberry.type
class LogInPayload:
    session: Session
    tokens: SessionTokens
    viewer: User


@strawberry.type
class RefreshSessionPayload:
    session: Session
    tokens: SessionTokens
    viewer: User


@strawberry.type
class LogOutPayload:
    logged_out: bool


@strawberry.type
class UpdateProfilePayload:
    viewer: User


@strawberry.type
class GrantConsentPayload:
    consent: Consent
    viewer: User


@strawberry.type
class WithdrawConsentPayload:
    consent: Consent
    viewer: User


@strawberry.type
class DeleteAccountPayload:
    deleted_id: strawberry.ID


@strawberry.type
class ChangePasswordPayload:
    """All other sessions have ended."""

    viewer: User


@strawberry.type
class RequestPasswordResetPayload:
    """``requested``: a mail goes out if there is an account; nobody is told whether."""

    requested: bool


@strawberry.type
class ResetPasswordPayload:
    """All sessions have ended: log in with the new password."""

    password_reset: bool


@strawberry.type
class RequestEmailVerificationPayload:
    """``viewer.emailVerifiedAt``: where it is not null, no mail was needed."""

    viewer: User


@strawberry.type
class VerifyEmailPayload:
    email_verified_at: datetime


@strawberry.type
class RevokeSessionPayload:
    revoked_id: strawberry.ID
    viewer: User


SignUpResult: TypeAlias = Annotated[
    SignUpPayload | InvalidInputError | ConsentRequiredError | RateLimitedError,
    strawberry.union("SignUpResult"),
]
LogInResult: TypeAlias = Annotated[
    LogInPayload | InvalidInputError | InvalidCredentialsError | ForbiddenError | RateLimitedError,
    strawberry.union("LogInResult"),
]
RefreshSessionResult: TypeAlias = Annotated[
    RefreshSessionPayload | InvalidCredentialsError | RateLimitedError,
    strawberry.union("RefreshSessionResult"),
]
LogOutResult: TypeAlias = Annotated[
    LogOutPayload | UnauthenticatedError, strawberry.union("LogOutResult")
]
UpdateProfileResult: TypeAlias = Annotated[
    UpdateProfilePayload | InvalidInputError | UnauthenticatedError,
    strawberry.union("UpdateProfileResult"),
]
GrantConsentResult: TypeAlias = Annotated[
    GrantConsentPayload | InvalidInputError | UnauthenticatedError | NotFoundError | ConflictError,
    strawberry.union("GrantConsentResult"),
]
WithdrawConsentResult: TypeAlias = Annotated[
    WithdrawConsentPayload | InvalidInputError | UnauthenticatedError | NotFoundError,
    strawberry.union("WithdrawConsentResult"),
]
DeleteAccountResult: TypeAlias = Annotated[
    DeleteAccountPayload | UnauthenticatedError | InvalidCredentialsError | RateLimitedError,
    strawberry.union("DeleteAccountResult"),
]
ChangePasswordResult: TypeAlias = Annotated[
    ChangePasswordPayload
    | InvalidInputError
    | UnauthenticatedError
    | InvalidCredentialsError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("ChangePasswordResult"),
]
RequestPasswordResetResult: TypeAlias = Annotated[
    RequestPasswordResetPayload | InvalidInputError | RateLimitedError | UnavailableError,
    strawberry.union("RequestPasswordResetResult"),
]
ResetPasswordResult: TypeAlias = Annotated[
    ResetPasswordPayload
    | InvalidInputError
    | InvalidCredentialsError
    | RateLimitedError
    | UnavailableError,
    strawberry.union("ResetPasswordResult"),
]
RequestEmailVerificationResult: TypeAlias = Annotated[
    RequestEmailVerificationPayload | UnauthenticatedError | RateLimitedError | UnavailableError,
    strawberry.union("RequestEmailVerificationResult"),
]
VerifyEmailResult: TypeAlias = Annotated[
    VerifyEmailPayload | InvalidCredentialsError | RateLimitedError | UnavailableError,
    strawberry.union("VerifyEmailResult"),
]
RevokeSessionResult: TypeAlias = Annotated[
    RevokeSessionPayload | UnauthenticatedError | NotFoundError,
    strawberry.union("RevokeSessionResult"),
]
