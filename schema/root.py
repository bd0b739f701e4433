"""The schema: every noun's queries, mutations and subscriptions in one."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts.credentials import CredentialMutations
from schema.accounts.exports import DataExportMutations
from schema.accounts.mutations import AccountMutations
from schema.accounts.queries import AccountQueries
from schema.analyses.events import EVENT_TYPES
from schema.analyses.mutations import AnalysisMutations
from schema.analyses.queries import AnalysisQueries
from schema.analyses.subscriptions import AnalysisSubscriptions
from schema.community.moderation import ModerationMutations, ModerationQueries
from schema.community.mutations import CommunityMutations
from schema.community.queries import CommunityQueries
from schema.errors import MEMBERS
from schema.extensions import DocumentLimits, ErrorCodes, Observed
from schema.nodes import NodeQueries
from schema.operations.audit import AuditQueries
from schema.operations.mutations import OperationMutations
from schema.operations.queries import OperationQueries
from schema.scalars import SCALARS


@strawberry.type
class Query(
    AccountQueries,
    AnalysisQueries,
    CommunityQueries,
    ModerationQueries,
    OperationQueries,
    AuditQueries,
    NodeQueries,
):
    pass


@strawberry.type
class Mutation(
    AccountMutations,
    CredentialMutations,
    DataExportMutations,
    AnalysisMutations,
    CommunityMutations,
    ModerationMutations,
    OperationMutations,
):
    pass


@strawberry.type
class Subscription(AnalysisSubscriptions):
    pass


class DupiSchema(strawberry.Schema):
    """Errors are logged where they get their code (``ErrorCodes``), not here."""

    def process_errors(self, errors: object, execution_context: object = None) -> None:
        pass


schema = DupiSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=EVENT_TYPES,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    extensions=[Observed, ErrorCodes, DocumentLimits],
    exception_handlers=MEMBERS,
)
