"""Any record by its id."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import strawberry

from dupi.accounts import service as accounts
from dupi.analyses import service as analyses
from dupi.errors import NotFound
from dupi.operations import service as operations
from schema.accounts.authors import find_author
from schema.accounts.exports import load_data_export
from schema.accounts.types import Consent, Session
from schema.analyses.queries import load_analysis
from schema.analyses.types import Photo
from schema.community.moderation import load_report
from schema.community.queries import load_comment, load_post, load_post_image
from schema.context import Context, Info
from schema.operations.audit import load_audit_event
from schema.operations.types import Deployment, Shadow
from schema.relay import Node, parse_id


@strawberry.type
class NodeQueries:
    @strawberry.field
    async def node(
        self, info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id")]
    ) -> Node | None:
        """Null for what is absent or not yours."""
        try:
            kind, identity = parse_id(id_)
            load = _LOADERS.get(kind)
            return await load(info.context, identity) if load else None
        except NotFound:
            return None


async def _load_photo(context: Context, photo_id: str) -> Photo:
    owner_id = context.signed_in.user_id
    found = await analyses.get_photo(context.resources, owner_id=owner_id, photo_id=photo_id)
    return Photo.from_model(found, context)


async def _load_consent(context: Context, consent_id: str) -> Consent:
    owner_id = context.signed_in.user_id
    found = await accounts.get_consent(context.resources, user_id=owner_id, consent_id=consent_id)
    return Consent.from_model(found)


async def _load_session(context: Context, session_id: str) -> Session:
    who = context.signed_in
    found = await accounts.get_session(
        context.resources, user_id=who.user_id, session_id=session_id
    )
    return Session.from_model(found, current_id=who.session_id)


async def _load_deployment(context: Context, deployment_id: str) -> Deployment:
    context.refuse_as_absent()
    return Deployment.from_model(await operations.get_deployment(deployment_id=deployment_id))


async def _load_shadow(context: Context, shadow_id: str) -> Shadow:
    context.refuse_as_absent()
    return Shadow.from_model(await operations.get_shadow(shadow_id=shadow_id))


_LOADERS: Final[dict[str, Callable[[Context, str], Awaitable[Node]]]] = {
    "Analysis": load_analysis,
    "AuditEvent": load_audit_event,
    "Author": find_author,
    "Comment": load_comment,
    "Consent": _load_consent,
    "DataExport": load_data_export,
    "Deployment": _load_deployment,
    "Photo": _load_photo,
    "Post": load_post,
    "PostImage": load_post_image,
    "Report": load_report,
    "Session": _load_session,
    "Shadow": _load_shadow,
}
