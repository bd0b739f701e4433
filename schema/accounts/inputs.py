"""Inputs of the account mutations."""

import strawberry

from dupi.accounts.models import ConsentKind
from dupi.knowledge.vocabulary import Gender, Locale


@strawberry.input
class SignUpInput:
    email: str
    password: str
    nickname: str
    birth_year: int
    refresh_in_cookie: bool = False


@strawberry.input
class LogInInput:
    email: str
    password: str
    refresh_in_cookie: bool = False


@strawberry.input
class RefreshSessionInput:
    """``refreshToken``: null takes the cookie's."""

    refresh_token: str | None = strawberry.UNSET


@strawberry.input
class LogOutInput:
    everywhere: bool = False


@strawberry.input
class UpdateProfileInput:
    """Absent is unchanged, null clears."""

    nickname: str | None = strawberry.UNSET
    gender: Gender | None = strawberry.UNSET


@strawberry.input
class DeleteAccountInput:
    """``keepPosts``: posts and comments stay, without their author."""

    password: str
    keep_posts: bool = False


@strawberry.input
class ChangePasswordInput:
    current_password: str
    new_password: str


@strawberry.input
class RequestPasswordResetInput:
    """``locale``: of the mail; null takes that of ``Accept-Language``."""

    email: str
    locale: Locale | None = strawberry.UNSET


@strawberry.input
class ResetPasswordInput:
    """``token``: from the mail."""

    token: str
    new_password: str


@strawberry.input
class RequestEmailVerificationInput:
    """``locale``: of the mail; null takes that of ``Accept-Language``."""

    locale: Locale | None = strawberry.UNSET


@strawberry.input
class VerifyEmailInput:
    """``token``: from the mail."""

    token: str


@strawberry.input
class RevokeSessionInput:
    session_id: strawberry.ID


@strawberry.input
class GrantConsentInput:
    kind: ConsentKind
    document_version: str


@strawberry.input
class WithdrawConsentInput:
    kind: ConsentKind
