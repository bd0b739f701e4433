"""Who calls, and how: what a resolver may know of a connection."""

from starlette.requests import HTTPConnection, Request

from api.bodies import is_multipart
from dupi.accounts.tokens import read_access_token
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
        address=address_of(connection),
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


def address_of(connection: HTTPConnection) -> str | None:
    """The last hop that the proxy in front of us saw: what stands before it anyone can write."""
    forwarded = connection.headers.get("x-forwarded-for")
    if forwarded and resources_of(connection).settings.api.trust_proxy:
        return forwarded.rsplit(",", 1)[-1].strip()[:64]
    return connection.client.host if connection.client else None


def uploader_of(request: Request) -> str | None:
    """Who brings files, by the access token alone: the store is not asked yet.

    ``None``: the request brings none. Raises Unauthenticated.
    """
    if not is_multipart(request.headers):
        return None
    token = bearer_token(request.headers.get("authorization"))
    if token is None:
        raise Unauthenticated("files come with an access token")
    return read_access_token(resources_of(request).settings, token).user_id
