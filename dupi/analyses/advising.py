"""The advising step: the plan in words, streamed sentence by sentence into the analysis' events.

The model writes; every sentence is checked before it is released, the whole text at the end. A
reply that fails is begun again once; then, and where the model is away or slow, the rules' own
words take its place. Disclaimer and referral are always the rules', verbatim.

Deltas since the last ``AdviceRestarted``, joined, are the advice's text: a restart is told where
sentences were released before it, and always where the rules take over.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from dupi.adapters.advisor import Advisor, AdvisorIdentity
from dupi.advice.prompts import advice_messages, reply_opening
from dupi.advice.replies import (
    SECTION_TITLES,
    CheckedSentence,
    ReplyReader,
    ReplyRejected,
    closing_sections,
    rules_advice,
)
from dupi.analyses.models import (
    MAX_EVENTS,
    AdviceDelta,
    AdviceRecord,
    AdviceRestarted,
    AdviceSectionRecord,
    AdviceSource,
    Analysis,
    EventRecord,
)
from dupi.analyses.queue import Claim
from dupi.errors import Unavailable
from dupi.knowledge.plan import Case, Plan
from dupi.logs import get_logger
from dupi.metrics import ADVICE_RESTARTS
from dupi.operations.advisors import REPLY_TRIES, refuse_other_version, refuse_unfit
from dupi.operations.service import get_live_deployment

if TYPE_CHECKING:
    from dupi.resources import Resources

_KEPT_FREE: Final = 64
"""Events kept for endings: below that, sentences wait until the text is whole (at most a dozen
events an attempt, and the attempts are few)."""
_MARGIN_S: Final = 1.0

log = get_logger(__name__)


async def write_advice(
    resources: "Resources", claim: Claim, case: Case, plan: Plan
) -> AdviceRecord:
    """Write and release the advice; what it comes to in the end. Raises LeaseLost."""
    writer = _Writer(claim)
    for _ in range(REPLY_TRIES):
        try:
            author = await _from_model(resources, writer, case, plan)
            return await _close(writer, case, plan, author)
        except ReplyRejected as rejected:
            ADVICE_RESTARTS.labels(reason=rejected.code).inc()
            log.warning("reply_rejected", code=rejected.code)  # the words are personal
        except Unavailable as away:
            ADVICE_RESTARTS.labels(reason="UNAVAILABLE").inc()
            log.warning("advisor_away", error=str(away))
            break
    await writer.begin(AdviceSource.RULES)
    await writer.release(rules_advice(case, plan))
    return await _close(writer, case, plan, None)


async def _from_model(
    resources: "Resources", writer: "_Writer", case: Case, plan: Plan
) -> AdvisorIdentity:
    """Raises ReplyRejected, Unavailable (also where the analysis' time is up).

    Time limits stand around what the advisor does, never around a write: one that is cut off may
    have been done, and this worker would not know.
    """
    live = (await get_live_deployment()).advisor
    advisor = resources.advisors.at(live.endpoint)
    try:
        async with asyncio.timeout(writer.seconds_left):
            identity = await advisor.identity()
    except TimeoutError as late:
        raise Unavailable("no time is left for the advisor", reason="advisor") from late
    refuse_other_version(live, identity)
    refuse_unfit(identity, plan.edition)
    await writer.begin(AdviceSource.MODEL)
    await _read_reply(advisor, identity, writer, case, plan)
    return identity


async def _read_reply(
    advisor: Advisor, identity: AdvisorIdentity, writer: "_Writer", case: Case, plan: Plan
) -> None:
    """It ends where it began, whatever goes live meanwhile."""
    reader = ReplyReader(case, plan)
    messages = advice_messages(case, plan, identity.prompt)
    async with advisor.reply(
        messages, timeout=writer.seconds_left, version=identity.version
    ) as reply:
        await writer.release(reader.feed(reply_opening(case)))
        async for chunk in reply.chunks():
            await writer.release(reader.feed(chunk))
    await writer.release(reader.finish())


async def _close(
    writer: "_Writer", case: Case, plan: Plan, author: AdvisorIdentity | None
) -> AdviceRecord:
    await writer.release(closing_sections(case, plan))
    await writer.flush()
    return AdviceRecord(
        source=AdviceSource.MODEL if author else AdviceSource.RULES,
        sections=_sections(writer.sentences),
        text="".join(sentence.text for sentence in writer.sentences),
        model=author and author.model,
        model_version=author and author.version,
    )


def _sections(sentences: Sequence[CheckedSentence]) -> tuple[AdviceSectionRecord, ...]:
    return tuple(
        AdviceSectionRecord(
            kind=kind,
            title=SECTION_TITLES[kind],
            text="".join(sentence.text for sentence in group).strip(),
        )
        for kind, group in groupby(sentences, key=lambda sentence: sentence.section)
    )


class _Writer:
    """Releases sentences as events, and keeps what was released since the last restart."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self.sentences: list[CheckedSentence] = []
        self._waiting: list[CheckedSentence] = []
        self._is_dirty = _must_restart(claim.analysis)

    @property
    def seconds_left(self) -> float:
        return self._claim.seconds_left - _MARGIN_S

    async def begin(self, source: AdviceSource) -> None:
        """Start from nothing; tell it where followers have seen sentences, or another source."""
        self.sentences, self._waiting = [], []
        if self._is_dirty or source is AdviceSource.RULES:
            await self._claim.write(AdviceRestarted(source=source))
        self._is_dirty = False

    async def release(self, sentences: Sequence[CheckedSentence]) -> None:
        self.sentences += sentences
        self._waiting += sentences
        if len(self._waiting) <= MAX_EVENTS - _KEPT_FREE - self._claim.analysis.next_sequence:
            await self._send([AdviceDelta(section=s.section, text=s.text) for s in self._waiting])

    async def flush(self) -> None:
        """Send what had to wait, one event a section."""
        await self._send(
            [
                AdviceDelta(section=kind, text="".join(sentence.text for sentence in group))
                for kind, group in groupby(self._waiting, key=lambda sentence: sentence.section)
            ]
        )

    async def _send(self, events: Sequence[EventRecord]) -> None:
        if events:
            self._waiting, self._is_dirty = [], True
            await self._claim.write(*events)


def _must_restart(analysis: Analysis) -> bool:
    """Whether an attempt before this one released sentences, or announced those of the rules."""
    told = [
        event
        for event in analysis.events_after(0)
        if isinstance(event, AdviceDelta | AdviceRestarted)
    ]
    match told[-1:]:
        case [AdviceRestarted(source=source)]:
            return source is not AdviceSource.MODEL
        case _:
            return bool(told)
