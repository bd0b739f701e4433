"""The pipeline on the real store and the real advisor client; what Triton says is scripted."""

from collections import deque
from dataclasses import replace

from dupi.adapters.triton import RequestRefused
from dupi.analyses.models import (
    AdviceRestarted,
    AdviceSource,
    Analysis,
    AnalysisFailureCode,
    AnalysisStatus,
)
from dupi.clock import epoch_ms, utc_now
from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import AdviceSectionKind, Condition, ScalpSite, Severity
from dupi.resources import Resources
from tests.analyses.doubles import MILD, SEVERE, ScriptedClassifier, says
from tests.analyses.running import (
    GOOD,
    a_good_reply,
    a_queued,
    claimed,
    kinds,
    run_one,
    told,
    words,
)
from tests.knowledge.cases import a_case
from tests.support.advisor_server import MODEL, VERSION, AdvisorServer, Script

WHOLE = [
    "STATUS_CHANGED",
    "FINDINGS_READY",
    "PLAN_READY",
    "STATUS_CHANGED",
    "ADVICE_DELTA",
    "FINISHED",
]
WHOLE_BY_RULES = [*WHOLE[:4], "ADVICE_RESTARTED", "ADVICE_DELTA", "FINISHED"]
AWAY = Unavailable("away", reason="classifier")


async def set_deadline(analysis: Analysis, seconds: float) -> None:
    await Analysis.get_pymongo_collection().update_one(
        {"_id": analysis.id},
        {"$set": {"deadline_at_ms": epoch_ms(utc_now()) + int(seconds * 1000)}},
    )


async def test_an_analysis_runs_to_its_end(
    platform: Resources, classifier: ScriptedClassifier, advisor: AdvisorServer
) -> None:
    grades = {Condition.DANDRUFF: MILD}
    classifier.answers = deque([says(grades)])
    case = a_case({Condition.DANDRUFF: Severity.MILD}, sites=(ScalpSite.CROWN,))
    case = replace(case, gender=None)
    advisor.scripts = deque([Script(a_good_reply(case))])
    await a_queued(platform)
    done = await run_one(platform)
    assert done.status is AnalysisStatus.COMPLETED
    assert kinds(done) == WHOLE
    assert done.progress == 1.0
    assert done.completed_at is not None
    assert done.advice is not None
    assert (done.advice.source, done.advice.model) == (AdviceSource.MODEL, MODEL)
    assert done.advice.model_version == VERSION
    assert words(done) == done.advice.text
    assert done.advice.sections[-1].kind is AdviceSectionKind.CAUTION
    assert done.deployment_id is not None


async def test_findings_name_the_site_and_an_overlay_that_can_be_read(
    platform: Resources, classifier: ScriptedClassifier, advisor: AdvisorServer
) -> None:
    classifier.answers = deque([says(), says({Condition.HAIR_LOSS: SEVERE})])
    advisor.scripts = deque([Script([], status=500)])
    await a_queued(platform, ScalpSite.CROWN, ScalpSite.LEFT)
    done = await run_one(platform)
    assert [finding.condition for finding in done.findings] == list(Condition)
    worst = done.findings[-1]
    assert worst.severity is Severity.SEVERE
    assert worst.attention_key is not None
    assert (await platform.storage.get(worst.attention_key)).startswith(b"\x89PNG")
    assert {photo.site for photo in done.photo_findings} == {ScalpSite.CROWN, ScalpSite.LEFT}


async def test_an_advisor_that_is_away_is_replaced_by_the_rules(
    platform: Resources, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([Script([], status=503)])
    await a_queued(platform)
    done = await run_one(platform)
    assert kinds(done) == WHOLE_BY_RULES
    assert done.advice is not None
    assert (done.advice.source, done.advice.model) == (AdviceSource.RULES, None)
    assert words(done) == done.advice.text


async def test_a_stream_that_is_cut_is_begun_anew_by_the_rules(
    platform: Resources, advisor: AdvisorServer
) -> None:
    half = GOOD.chunks[: len(GOOD.chunks) // 2]
    advisor.scripts = deque([Script(half, cut=True)])
    await a_queued(platform)
    done = await run_one(platform)
    assert kinds(done) == [*WHOLE[:5], "ADVICE_RESTARTED", "ADVICE_DELTA", "FINISHED"]
    assert done.advice is not None
    assert done.advice.source is AdviceSource.RULES
    assert words(done) == done.advice.text


async def test_a_stream_that_stalls_is_given_up(
    platform: Resources, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([Script(GOOD.chunks, pause_s=0.7)])
    await a_queued(platform)
    done = await run_one(platform)
    assert done.advice is not None
    assert done.advice.source is AdviceSource.RULES


async def test_a_rejected_reply_is_begun_again_once(
    platform: Resources, advisor: AdvisorServer
) -> None:
    half = GOOD.chunks[: len(GOOD.chunks) // 2]
    advisor.scripts = deque([Script([*half, " 스테로이드 연고를 하루 두 번 바르세요. "]), GOOD])
    await a_queued(platform)
    done = await run_one(platform)
    restarts = [event for event in told(done) if isinstance(event, AdviceRestarted)]
    assert [restart.source for restart in restarts] == [AdviceSource.MODEL]
    assert done.advice is not None
    assert done.advice.source is AdviceSource.MODEL
    assert "스테로이드" not in done.advice.text
    assert words(done) == done.advice.text


async def test_two_rejected_replies_make_way_for_the_rules(
    platform: Resources, advisor: AdvisorServer
) -> None:
    advisor.scripts = deque([Script(["[관리] 스테로이드를 바르세요. "])])
    await a_queued(platform)
    done = await run_one(platform)
    assert len(advisor.requests) == 2
    again = ["ADVICE_RESTARTED", "ADVICE_DELTA"]
    assert kinds(done) == [*WHOLE[:5], *again, *again, "FINISHED"]
    assert done.advice is not None
    assert done.advice.source is AdviceSource.RULES


async def test_a_classifier_that_comes_back_in_time_is_waited_for(
    platform: Resources, classifier: ScriptedClassifier, advisor: AdvisorServer
) -> None:
    classifier.answers = deque([AWAY, AWAY, says()])
    advisor.scripts = deque([GOOD])
    await a_queued(platform)
    done = await run_one(platform)
    assert done.status is AnalysisStatus.COMPLETED
    assert classifier.calls == 3


async def test_a_classifier_that_stays_away_fails_the_analysis_for_now(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    classifier.answers = deque([AWAY])
    await set_deadline(await a_queued(platform), 2)
    done = await run_one(platform)
    assert done.status is AnalysisStatus.FAILED
    assert done.failure is not None
    assert done.failure.code is AnalysisFailureCode.CLASSIFIER_UNAVAILABLE
    assert done.failure.retryable
    assert kinds(done) == ["STATUS_CHANGED", "FINISHED"]
    assert classifier.calls > 1


async def test_a_classifier_that_hangs_ends_with_the_deadline(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    classifier.pause_s = 30
    await set_deadline(await a_queued(platform), 1)
    done = await run_one(platform)
    assert done.failure is not None
    assert done.failure.code is AnalysisFailureCode.DEADLINE_EXCEEDED
    assert done.failure.retryable


async def test_a_photo_that_is_gone_fails_the_analysis_for_good(platform: Resources) -> None:
    queued = await a_queued(platform)
    await platform.storage.delete_prefix(f"photos/{queued.owner_id}")
    done = await run_one(platform)
    assert done.failure is not None
    assert done.failure.code is AnalysisFailureCode.PHOTO_UNREADABLE
    assert not done.failure.retryable


async def test_what_is_our_fault_is_internal(
    platform: Resources, classifier: ScriptedClassifier
) -> None:
    classifier.answers = deque([RequestRefused("shape")])
    await a_queued(platform)
    done = await run_one(platform)
    assert done.failure is not None
    assert done.failure.code is AnalysisFailureCode.INTERNAL


async def test_an_analysis_that_takes_its_workers_down_is_given_up(platform: Resources) -> None:
    queued = await a_queued(platform)
    for _ in range(platform.settings.analyses.max_claims):
        await claimed(platform, lease_s=-1)
    done = await run_one(platform)
    assert done.id == queued.id
    assert done.failure is not None
    assert done.failure.code is AnalysisFailureCode.INTERNAL
