"""Inputs of the account mutations."""

import strawberry

from dupi.accounts.models import ConsentKind
from dupi.knowledge.vocabulary import Gender


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
class GrantConsentInput:
    kind: ConsentKind
    document_version: str


@strawberry.input
class WithdrawConsentInput:
    kind: ConsentKind
