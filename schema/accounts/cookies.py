"""The refresh token in a cookie that scripts cannot read, for those who ask for it."""

from typing import Final

from dupi.accounts.service import SignedIn
from dupi.clock import utc_now
from schema.context import Context

_NAME: Final = "dupi_refresh"
_PATH: Final = "/graphql"


def set_refresh_cookie(context: Context, signed_in: SignedIn) -> None:
    if context.jar is None:
        return
    context.jar.set_cookie(
        _NAME,
        signed_in.refresh_token,
        max_age=round((signed_in.refresh_expires_at - utc_now()).total_seconds()),
        path=_PATH,
        httponly=True,
        samesite="strict",
        secure=context.resources.settings.api.secure_cookies,
    )


def refresh_cookie(context: Context) -> str | None:
    """The cookie's token; only over HTTP, where the next one can be set."""
    return context.cookies.get(_NAME) if context.jar is not None else None


def delete_refresh_cookie(context: Context) -> None:
    if context.jar is not None and _NAME in context.cookies:
        context.jar.delete_cookie(_NAME, path=_PATH)
