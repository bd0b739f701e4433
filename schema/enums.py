"""The domain's words as GraphQL enums: importing this module registers them."""

from enum import Enum
from typing import Final

import strawberry

from dupi.accounts.export_models import DataExportStatus
from dupi.accounts.models import ConsentKind, Role
from dupi.analyses.comparing import ChangeDirection
from dupi.analyses.models import (
    AbstentionReason,
    AdviceSource,
    AnalysisFailureCode,
    AnalysisStatus,
)
from dupi.analyses.sharing import AnalysisPart
from dupi.community.models import Board, ReportReason
from dupi.errors import ErrorCode, FieldErrorCode, ImageQualityReason
from dupi.knowledge.survey import SurveyQuestionKind
from dupi.knowledge.vocabulary import (
    AdviceSectionKind,
    AgeBand,
    Circumstance,
    Condition,
    Gender,
    HairProduct,
    HairState,
    Locale,
    PurchasePriority,
    ReferralUrgency,
    ScalpSite,
    Severity,
    ShampooFrequency,
    Symptom,
    TreatmentFrequency,
)
from dupi.operations.audit import Act, ActorKind
from dupi.operations.listing import ModelKind, ModelVersionState
from dupi.operations.models import DeploymentState

ENUMS: Final[tuple[type[Enum], ...]] = (
    AbstentionReason,
    Act,
    ActorKind,
    AdviceSectionKind,
    AdviceSource,
    AgeBand,
    AnalysisFailureCode,
    AnalysisPart,
    AnalysisStatus,
    Board,
    ChangeDirection,
    Circumstance,
    Condition,
    ConsentKind,
    DataExportStatus,
    DeploymentState,
    ErrorCode,
    FieldErrorCode,
    Gender,
    HairProduct,
    HairState,
    ImageQualityReason,
    Locale,
    ModelKind,
    ModelVersionState,
    PurchasePriority,
    ReferralUrgency,
    ReportReason,
    Role,
    ScalpSite,
    Severity,
    ShampooFrequency,
    SurveyQuestionKind,
    Symptom,
    TreatmentFrequency,
)

for _enum in ENUMS:
    strawberry.enum(_enum)
