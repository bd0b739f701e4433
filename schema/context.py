"""What every resolver may use of the request at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol, TypeAlias

import strawberry
from strawberry.dataloader import DataLoader

from dupi.accounts import service as accounts
from dupi.accounts.models import ConsentKind, Role, User
from dupi.accounts.service import Principal
from dupi.analyses.history import AnalysisKey, Comparison
from dupi.analyses.models import Analysis, Photo
from dupi.analyses.trends import TrendPoint
from dupi.clock import utc_now
from dupi.errors import ConsentRequired, Forbidden, NotFound, Unauthenticated
from dupi.knowledge.vocabulary import Locale
from dupi.operations.audit import Actor, ActorKind
from dupi.resources import Resources
from dupi.signing import signed_path
from schema.accounts.loaders import people_loader
from schema.analyses.loaders import (
    PhotoKey,
    TrendKey,
    comparison_loader,
    photo_loader,
    trend_loader,
    whole_loader,
)
from schema.community.loaders import CommunityLoaders


class CookieJar(Protocol):
    """Where an answer's cookies go: an HTTP response. Sockets have none."""

    def set_cookie(  # noqa: PLR0913 - as Starlette has it
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        *,
        path: str | None = "/",
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
    ) -> None: ...

    def delete_cookie(self, key: str, path: str = "/") -> None: ...


@dataclass
class Context:
    """One HTTP request, or one socket with all its operations.

    ``access_token`` stays with it, so that a long stream can see its session end. ``streams``:
    whether more than one answer can be given.
    """

    resources: Resources
    request_id: str
    locale: Locale = Locale.KO
    principal: Principal | None = None
    access_token: str | None = None
    user_agent: str | None = None
    address: str | None = None
    cookies: Mapping[str, str] = field(default_factory=dict)
    jar: CookieJar | None = None
    streams: bool = True
    photos: DataLoader[PhotoKey, Photo | None] = field(init=False)
    whole_analyses: DataLoader[AnalysisKey, Analysis | None] = field(init=False)
    comparisons: DataLoader[AnalysisKey, Comparison | None] = field(init=False)
    trends: DataLoader[TrendKey, list[TrendPoint] | None] = field(init=False)
    people: DataLoader[str, User | None] = field(init=False)
    community: CommunityLoaders = field(init=False)
    _consented: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.photos = photo_loader(self.resources)
        self.whole_analyses = whole_loader(self.resources)
        self.comparisons = comparison_loader(self.resources)
        self.trends = trend_loader(self.resources)
        self.people = people_loader(self.resources)
        self.community = CommunityLoaders(self.resources)

    @property
    def viewer_id(self) -> str | None:
        """The signed-in person's id; None for who is anonymous."""
        return self.principal.user_id if self.principal else None

    @property
    def is_operator(self) -> bool:
        return self.principal is not None and self.principal.role is Role.OPERATOR

    @property
    def signed_in(self) -> Principal:
        """Raises Unauthenticated."""
        if self.principal is None:
            raise Unauthenticated("this needs a signed-in person")
        return self.principal

    @property
    def operator(self) -> Principal:
        """Raises Unauthenticated, and Forbidden for anyone who does not run the platform."""
        who = self.signed_in
        if who.role is not Role.OPERATOR:
            raise Forbidden("this is for operators")
        return who

    @property
    def actor(self) -> Actor:
        """The operator, as audit records name them. Raises Unauthenticated, Forbidden."""
        who = self.operator
        return Actor(kind=ActorKind.PERSON, user_id=who.user_id, request_id=self.request_id)

    def refuse_as_absent(self) -> None:
        """To whoever does not run the platform, this is not there.

        Raises Unauthenticated, NotFound.
        """
        if self.signed_in.role is not Role.OPERATOR:
            raise NotFound("this is for operators")

    async def sign_in(self, access_token: str) -> None:
        """Take the caller for whom the token speaks for. Raises Unauthenticated, Forbidden."""
        self.principal = await accounts.authenticate(self.resources, access_token=access_token)
        self.access_token = access_token

    async def check_session(self) -> None:
        """Whether what is open may go on; from now on in the role that the person has now.

        Raises Unauthenticated once the token has expired or its session has ended, Forbidden once
        the person is suspended, ConsentRequired once the consent that held has been withdrawn.
        """
        if self.access_token is None:
            return
        who = await accounts.authenticate(self.resources, access_token=self.access_token)
        self.principal = who
        kind = ConsentKind.SENSITIVE_DATA
        holds = await accounts.has_consent(self.resources, user_id=who.user_id, kind=kind)
        if self._consented and not holds:
            raise ConsentRequired(kind)
        self._consented = holds

    def media_url(self, key: str) -> str:
        """A signed url of a stored object, good for some minutes."""
        settings = self.resources.settings
        expires_at = utc_now() + timedelta(seconds=settings.photos.url_lifetime_seconds)
        return settings.base_url + signed_path(settings.secret, key, expires_at)

    def guide_url(self, name: str) -> str:
        """Of an image of the guide: for everybody, and for good."""
        return f"{self.resources.settings.base_url}/guide/{name}"


Info: TypeAlias = strawberry.Info[Context, None]
