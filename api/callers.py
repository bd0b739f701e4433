"""Who calls, and how: what a resolver may know of a connection."""

from starlette.requests import HTTPConnection

from dupi.errors import Unauthenticated
from dupi.knowledge.vocabulary import Locale
from dupi.resources import Resources
from schema.context import Context, CookieJar
from schema.messages import locale_of


def resources_of(connection: HTTPConnection) -> Resources:
    resources: Resources = connection.app.state.resources
    return resources


def request_id_of(connection: HTTPConnection) -> str:
    return str(connection.state.request_id)


def callers_locale(connection: HTTPConnection) -> Locale:
    return locale_of(connection.headers.get("accept-language"))


def context_of(connection: HTTPConnection, jar: CookieJar | None) -> Context:
    """The context of an anonymous caller: signing in comes after."""
    resources = resources_of(connection)
    return Context(
        resources=resources,
        request_id=request_id_of(connection),
        locale=callers_locale(connection),
        user_agent=connection.headers.get("user-agent"),
        address=_address(connection, trust_proxy=resources.settings.api.trust_proxy),
        cookies=connection.cookies,
        jar=jar,
    )


def bearer_token(authorization: object) -> str | None:
    """The token of ``Bearer <token>``; ``None`` where nothing was sent. Raises Unauthenticated."""
    if authorization is None:
        return None
    scheme, _, token = str(authorization)[:4096].partition(" ")
    if not isinstance(authorization, str) or scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("authorization is no bearer token")
    return token.strip()


def _address(connection: HTTPConnection, *, trust_proxy: bool) -> str | None:
    """The last hop that the proxy in front of us saw: what stands before it anyone can write."""
    forwarded = connection.headers.get("x-forwarded-for")
    if trust_proxy and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()[:64]
    return connection.client.host if connection.client else None
