"""What analyses leave behind for those who watch the models, and what a change of models costs."""

from collections import deque
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from dupi.adapters.triton import RequestRefused
from dupi.analyses.models import AnalysisStatus
from dupi.ids import new_id
from dupi.knowledge.vocabulary import Condition
from dupi.operations.audit import PLATFORM
from dupi.operations.models import Shadow
from dupi.operations.shadowing import Shadowing
from dupi.resources import Resources
from dupi.vision.contract import head_name
from tests.analyses.doubles import ScriptedClassifier, says
from tests.analyses.running import GOOD, a_queued, run_one
from tests.support.advisor_server import AdvisorServer

DANDRUFF = Condition.DANDRUFF


@pytest.fixture(autouse=True)
def good_advisor(advisor: AdvisorServer) -> None:
    advisor.scripts = deque([GOOD])


def graded(severity: str) -> float:
    labels = {"condition": "DANDRUFF", "severity": severity, "version": "4"}
    return REGISTRY.get_sample_value("dupi_gradings_total", labels) or 0.0


async def test_findings_and_abstentions_are_counted_by_version(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    before = {name: graded(name) for name in ("MILD", "UNCERTAIN", "NOT_A_SCALP")}
    for said in (says({DANDRUFF: 1}), says(confidence=0.3), says(in_domain=0.1)):
        classifier.answers = deque([said])
        await a_queued(platform)
        await run_one(platform)
    assert {name: graded(name) - count for name, count in before.items()} == {
        "MILD": 1,
        "UNCERTAIN": 1,
        "NOT_A_SCALP": 1,
    }


def a_shadow() -> Shadow:
    return Shadow(
        model=head_name(DANDRUFF),
        version="5",
        live_version="4",
        trunk_version="1",
        sample_rate=1.0,
        actor=PLATFORM,
        slot=new_id(),
        sort_key="",
    )


async def test_a_shadow_sees_what_the_trunk_saw(platform: Resources) -> None:
    watched = replace(platform, shadowing=Shadowing())
    await a_queued(watched)
    await run_one(watched)
    assert not watched.shadowing._waiting
    watched.shadowing._active = (a_shadow(),)
    await a_queued(watched)
    done = await run_one(watched)
    assert done.status is AnalysisStatus.COMPLETED
    [sample] = watched.shadowing._waiting
    assert sample.live == says().gradings[DANDRUFF].probabilities


async def test_a_photo_that_is_refused_at_one_size_is_read_at_the_next(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    classifier.answers = deque([RequestRefused("another size by now"), says()])
    await a_queued(platform)
    done = await run_one(platform)
    assert done.status is AnalysisStatus.COMPLETED
    assert classifier.calls == 2
