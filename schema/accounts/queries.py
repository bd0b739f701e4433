"""The signed-in person, and the documents that people consent to."""

import strawberry

from dupi.accounts import consents
from dupi.accounts import service as accounts
from dupi.errors import NotFound
from dupi.knowledge.vocabulary import Locale
from schema.accounts.types import ConsentDocument, User
from schema.context import Info


@strawberry.type
class AccountQueries:
    @strawberry.field
    async def viewer(self, info: Info) -> User | None:
        """The signed-in person; null for anonymous callers."""
        principal = info.context.principal
        if principal is None:
            return None
        try:
            user = await accounts.get_user(info.context.resources, user_id=principal.user_id)
        except NotFound:
            return None
        return User.from_model(user, session_id=principal.session_id)

    @strawberry.field
    def consent_documents(self, locale: Locale = Locale.KO) -> list[ConsentDocument]:
        documents = consents.consent_documents(locale)
        return [ConsentDocument.from_document(document) for document in documents]
