"""People, sessions and consents, as their owners see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from dupi.accounts import exports, models
from dupi.accounts import service as accounts
from dupi.accounts.consents import ConsentDocument as DomainDocument
from dupi.accounts.models import ConsentKind, Role
from dupi.accounts.service import SignedIn
from dupi.analyses import service as analyses
from dupi.analyses.trends import TrendFilter
from dupi.clock import utc_now
from dupi.community import service as community
from dupi.knowledge.vocabulary import AgeBand, Condition, Gender, ScalpSite
from schema.accounts.authors import Author
from schema.accounts.exports import DataExport
from schema.analyses.changes import TrendPoint
from schema.analyses.inputs import AnalysisFilter, PhotoFilter
from schema.analyses.loaders import TrendKey
from schema.analyses.types import Analysis, Photo
from schema.community.types import Post
from schema.context import Info
from schema.relay import Connection, Node, connection, given, global_id, page_request


@strawberry.type
class Session(Node):
    is_current: bool
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime

    @classmethod
    def from_model(cls, session: models.Session, *, current_id: str | None) -> Self:
        return cls(
            id=global_id("Session", session.id),
            is_current=session.id == current_id,
            user_agent=session.user_agent,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
        )


@strawberry.type
class SessionTokens:
    """No Node: kept out of clients' caches. ``refreshToken`` is null where a cookie holds it."""

    access_token: str
    access_token_expires_at: datetime
    refresh_token: str | None
    refresh_token_expires_at: datetime

    @classmethod
    def from_signed_in(cls, signed_in: SignedIn, *, in_cookie: bool) -> Self:
        return cls(
            access_token=signed_in.access_token,
            access_token_expires_at=signed_in.access_expires_at,
            refresh_token=None if in_cookie else signed_in.refresh_token,
            refresh_token_expires_at=signed_in.refresh_expires_at,
        )


@strawberry.type
class Consent(Node):
    kind: ConsentKind
    document_version: str
    granted_at: datetime
    withdrawn_at: datetime | None

    @classmethod
    def from_model(cls, consent: models.Consent) -> Self:
        return cls(
            id=global_id("Consent", consent.id),
            kind=consent.kind,
            document_version=consent.document_version,
            granted_at=consent.granted_at,
            withdrawn_at=consent.withdrawn_at,
        )


@strawberry.type
class ConsentDocument:
    kind: ConsentKind
    version: str
    title: str
    body: str
    is_required: bool

    @classmethod
    def from_document(cls, document: DomainDocument) -> Self:
        return cls(
            kind=document.kind,
            version=document.version,
            title=document.title,
            body=document.body,
            is_required=document.is_required,
        )


@strawberry.type
class User(Node):
    """The private account, reached through ``viewer`` and by signing in, never through ``node``."""

    user_id: strawberry.Private[str]
    session_id: strawberry.Private[str | None]
    email: str
    nickname: str
    birth_year: int
    age_band: AgeBand
    gender: Gender | None
    role: Role
    created_at: datetime
    email_verified_at: datetime | None

    @classmethod
    def from_model(cls, user: models.User, *, session_id: str | None) -> Self:
        return cls(
            id=global_id("User", user.id),
            user_id=user.id,
            session_id=session_id,
            email=user.email,
            nickname=user.nickname,
            birth_year=user.birth_year,
            age_band=AgeBand.of(birth_year=user.birth_year, year=utc_now().year),
            gender=user.gender,
            role=user.role,
            created_at=user.created_at,
            email_verified_at=user.email_verified_at,
        )

    @strawberry.field
    def author(self) -> Author:
        """As others see this person."""
        return Author.of(self.user_id, nickname=self.nickname, viewer_id=self.user_id)

    @strawberry.field
    async def posts(
        self,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[Post]:
        """Newest first, hidden ones too."""
        page = page_request(first, after, last, before)
        return connection(
            await community.list_posts_of(author_id=self.user_id, page=page), Post.from_model
        )

    @strawberry.field
    async def consents(self, info: Info) -> list[Consent]:
        found: Sequence[models.Consent] = await accounts.list_consents(
            info.context.resources, user_id=self.user_id
        )
        return [Consent.from_model(consent) for consent in found]

    @strawberry.field
    async def sessions(self, info: Info) -> list[Session]:
        found = await accounts.list_sessions(info.context.resources, user_id=self.user_id)
        return [Session.from_model(session, current_id=self.session_id) for session in found]

    @strawberry.field
    async def data_exports(self, info: Info) -> list[DataExport]:
        """Newest first."""
        found = await exports.list_data_exports(user_id=self.user_id)
        return [DataExport.from_model(export, info.context) for export in found]

    @strawberry.field
    async def photos(  # noqa: PLR0913, PLR0917  (the contract's arguments)
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: PhotoFilter | None = strawberry.UNSET,
    ) -> Connection[Photo]:
        """Newest first."""
        chosen = given(filter)
        page = await analyses.list_photos(
            info.context.resources,
            owner_id=self.user_id,
            page=page_request(first, after, last, before),
            where=chosen.to_domain() if chosen else analyses.PhotoFilter(),
        )
        return connection(page, lambda photo: Photo.from_model(photo, info.context))

    @strawberry.field
    async def analyses(  # noqa: PLR0913, PLR0917  (the contract's arguments)
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: AnalysisFilter | None = strawberry.UNSET,
    ) -> Connection[Analysis]:
        """Newest first."""
        chosen = given(filter)
        page = await analyses.list_analyses(
            info.context.resources,
            owner_id=self.user_id,
            page=page_request(first, after, last, before),
            where=chosen.to_domain() if chosen else analyses.AnalysisFilter(),
        )
        return connection(page, Analysis.from_model)

    @strawberry.field
    async def trend(
        self,
        info: Info,
        condition: Condition,
        site: ScalpSite | None = strawberry.UNSET,
        since: datetime | None = strawberry.UNSET,
        until: datetime | None = strawberry.UNSET,
    ) -> list[TrendPoint]:
        """A point for each photo of a completed analysis on which it was graded: oldest first, at
        most the latest 500. ``since`` is inclusive, ``until`` exclusive."""
        where = TrendFilter(site=given(site), since=given(since), until=given(until))
        found = await info.context.trends.load(TrendKey(self.user_id, where, condition))
        return [TrendPoint.from_model(point) for point in found or ()]
