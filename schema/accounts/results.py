"""Payloads and result unions of the account mutations."""

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
