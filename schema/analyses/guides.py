"""What the conditions are, and what the survey asks."""

from typing import Self

import strawberry

from dupi.knowledge import conditions, survey
from dupi.knowledge.survey import SurveyQuestionKind
from dupi.knowledge.vocabulary import Condition, Severity
from schema.context import Info


@strawberry.type
class GradeInfo:
    """``helps``: what a person can do; ``doctor``: when to see one; ``exampleImageUrl``: a drawn
    photo, free for all to load, the same for everybody."""

    severity: Severity
    grade: int
    name: str
    meaning: str
    helps: list[str]
    doctor: str
    example: strawberry.Private[str]

    @strawberry.field
    def example_image_url(self, info: Info) -> str | None:
        return info.context.guide_url(self.example)

    @classmethod
    def from_model(cls, grade: conditions.GradeInfo) -> Self:
        return cls(
            severity=grade.severity,
            grade=grade.grade,
            name=grade.name,
            meaning=grade.meaning,
            helps=list(grade.helps),
            doctor=grade.doctor,
            example=grade.example,
        )


@strawberry.type
class ConditionStage:
    """A stage of a scale of the whole head, which a photo of one place cannot tell."""

    scale: str
    name: str
    description: str

    @classmethod
    def from_model(cls, stage: conditions.Stage) -> Self:
        return cls(scale=stage.scale, name=stage.name, description=stage.description)


@strawberry.type
class ConditionInfo:
    """``stages``: of hair loss alone."""

    condition: Condition
    name: str
    description: str
    grades: list[GradeInfo]
    stages: list[ConditionStage]

    @classmethod
    def from_model(cls, info: conditions.ConditionInfo) -> Self:
        return cls(
            condition=info.condition,
            name=info.name,
            description=info.description,
            grades=[GradeInfo.from_model(grade) for grade in info.grades],
            stages=[ConditionStage.from_model(stage) for stage in info.stages],
        )


@strawberry.type
class SurveyChoice:
    """``value``: the name of the enum's value."""

    value: str
    label: str

    @classmethod
    def from_model(cls, choice: survey.SurveyChoice) -> Self:
        return cls(value=choice.value, label=choice.label)


@strawberry.type
class SurveyQuestion:
    """``field``: of SurveyAnswersInput."""

    field: str
    kind: SurveyQuestionKind
    text: str
    help: str | None
    is_required: bool
    choices: list[SurveyChoice]

    @classmethod
    def from_model(cls, question: survey.SurveyQuestion) -> Self:
        return cls(
            field=question.field,
            kind=question.kind,
            text=question.text,
            help=question.help,
            is_required=question.is_required,
            choices=[SurveyChoice.from_model(choice) for choice in question.choices],
        )


@strawberry.type
class Survey:
    version: str
    questions: list[SurveyQuestion]

    @classmethod
    def from_model(cls, asked: survey.Survey) -> Self:
        questions = [SurveyQuestion.from_model(question) for question in asked.questions]
        return cls(version=asked.version, questions=questions)
