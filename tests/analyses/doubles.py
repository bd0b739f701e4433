"""A classifier that says what a test tells it to, and people with photos."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dupi.accounts.consents import consent_documents
from dupi.accounts.models import ConsentKind
from dupi.accounts.service import grant_consent, sign_up
from dupi.adapters.triton import Classification, Features, Grading, Pixels
from dupi.analyses.models import Photo
from dupi.analyses.service import upload_photo
from dupi.ids import new_id
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from dupi.resources import Resources
from dupi.vision.contract import head_name
from tests.support.photos import photo_bytes

SURE = 0.91
FEATURES: Features = np.zeros((192, 10, 10), dtype=np.float32)


def probabilities(grade: int, confidence: float = SURE) -> tuple[float, ...]:
    rest = (1 - confidence) / 3
    return tuple(confidence if index == grade else rest for index in range(4))


def says(
    grades: Mapping[Condition, int] = {}, *, confidence: float = SURE, in_domain: float = 0.99
) -> Classification:
    """Grades by condition; those that are not named are 0."""
    return Classification(
        gradings={
            condition: Grading(
                probabilities=probabilities(grades.get(condition, 0), confidence),
                attention=np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10),
                model=head_name(condition),
                version="4",
            )
            for condition in Condition
        },
        in_domain_score=in_domain,
        domain_version="4",
        trunk_version="1",
    )


@dataclass
class ScriptedClassifier:
    """Plays answers in turn, the last one for ever; an exception among them is raised."""

    answers: deque[Classification | Exception] = field(default_factory=lambda: deque([says()]))
    calls: int = 0
    pause_s: float = 0.0
    grades_asked: int = 0
    candidate_pause_s: float = 0.0

    async def classify(
        self,
        image: Pixels,
        *,
        timeout: float,  # noqa: ASYNC109
        with_features: bool = False,
    ) -> Classification:
        self.calls += 1
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.pause_s)
        if isinstance(answer, Exception):
            raise answer
        return replace(answer, features=FEATURES) if with_features else answer

    async def grade(
        self,
        model: str,
        version: str,
        features: Features,
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Grading:
        """A candidate: what the scripted answer says, one grade further."""
        self.grades_asked += 1
        await asyncio.sleep(self.candidate_pause_s)
        answer = self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        live = next(said for said in answer.gradings.values() if said.model == model)
        further = (live.probabilities[-1], *live.probabilities[:-1])
        return replace(live, probabilities=further, version=version)


async def a_person(resources: Resources, *, consenting: bool = True) -> str:
    """A new account's id; it has given the consent that photos need."""
    signed_in = await sign_up(
        resources,
        email=f"{new_id()}@example.com",
        password="a long passphrase 1",
        nickname=new_id()[-12:],
        birth_year=1991,
    )
    if consenting:
        kind = ConsentKind.SENSITIVE_DATA
        version = next(d.version for d in consent_documents() if d.kind == kind)
        await grant_consent(
            resources, user_id=signed_in.user.id, kind=kind, document_version=version
        )
    return signed_in.user.id


async def some_photos(resources: Resources, owner_id: str, *sites: ScalpSite) -> list[Photo]:
    return [
        await upload_photo(resources, owner_id=owner_id, data=photo_bytes(seed=index), site=site)
        for index, site in enumerate(sites)
    ]


MILD = int(Severity.MILD)
SEVERE = int(Severity.SEVERE)
