"""Reads a reply of the model as it streams, and lets only checked sentences out.

A reply is ``[요약] … [관리] … [루틴] …``. A sentence is checked as soon as it is whole; the whole
reply is checked by :meth:`ReplyReader.finish`. What fails raises :class:`ReplyRejected`: start
again, or say the plan in the rules' own words (:func:`rules_advice`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dupi.advice.checks import RejectionCode, Said, check_sentence, planned_rules
from dupi.advice.facts import told_grades
from dupi.advice.phrasing import (
    care_sentences,
    first_way,
    routine_sentences,
    summary_sentences,
)
from dupi.advice.prompts import SECTION_MARKS
from dupi.knowledge.plan import Case, Plan
from dupi.knowledge.rules import abstained_conditions, elevated_conditions
from dupi.knowledge.vocabulary import AdviceSectionKind

SECTION_TITLES: Final = {
    AdviceSectionKind.SUMMARY: "두피 상태",
    AdviceSectionKind.CARE: "관리 방법",
    AdviceSectionKind.ROUTINE: "주간 루틴",
    AdviceSectionKind.CAUTION: "알아 두세요",
    AdviceSectionKind.REFERRAL: "상담 안내",
}
CAUTIONS: Final = (
    "이 안내는 사진과 설문을 바탕으로 한 생활 관리 참고 자료이며 의학적 진단이 아니에요.",
    "불편함이 심해지거나 오래가면 피부과 전문의와 상담해 주세요.",
)
MODEL_SECTIONS: Final = tuple(SECTION_MARKS)
SECTION_BREAK: Final = "\n\n"
SENTENCE_BREAK: Final = " "
LONGEST_REPLY: Final = 1600
SHORTEST_REPLY: Final = 60
_MARK: Final = re.compile(r"\[([^\[\]\s]{1,8})\]")
_SENTENCE: Final = re.compile(r"[^\n\[\]]*?[.!?]+(?=\s|\[)")
_PARTIAL_MARK_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """``text`` begins with what separates it from the sentence before, so that all joined are
    the advice's text."""

    section: AdviceSectionKind
    text: str


class ReplyRejected(Exception):
    """The reply must not be shown any further; ``sentence`` is the one that failed, if one did."""

    def __init__(self, code: RejectionCode, sentence: str = "") -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class ReplyReader:
    """Feed it what the model streams, in pieces of any size."""

    def __init__(self, case: Case, plan: Plan) -> None:
        self._case = case
        self._plan = plan
        self._said = Said()
        self._sections: list[AdviceSectionKind] = []
        self._counts: dict[AdviceSectionKind, int] = {}
        self._rest = ""
        self._length = 0

    def feed(self, chunk: str) -> list[CheckedSentence]:
        """The sentences that are whole and good by now. Raises ``ReplyRejected``."""
        self._rest += chunk
        self._length += len(chunk)
        if self._length > LONGEST_REPLY:
            raise ReplyRejected(RejectionCode.LENGTH)
        return list(self._take())

    def finish(self) -> list[CheckedSentence]:
        """The last sentences, after the whole reply was checked. Raises ``ReplyRejected``."""
        self._rest += "\n"
        sentences = list(self._take())
        if self._rest.strip():
            raise ReplyRejected(RejectionCode.UNFINISHED, self._rest.strip())
        self._check_whole()
        return sentences

    def _take(self) -> Iterator[CheckedSentence]:
        while True:
            self._rest = self._rest.lstrip()
            if self._rest.startswith("["):
                if not self._take_mark():
                    return
                continue
            match = _SENTENCE.match(self._rest)
            if not match:
                self._refuse_broken_line()
                return
            self._rest = self._rest[match.end() :]
            yield self._checked(match.group())

    def _take_mark(self) -> bool:
        match = _MARK.match(self._rest)
        if not match:
            if len(self._rest) > _PARTIAL_MARK_MOST:
                raise ReplyRejected(RejectionCode.SECTION, self._rest)
            return False
        due = len(self._sections)
        if due == len(MODEL_SECTIONS) or match.group() != SECTION_MARKS[MODEL_SECTIONS[due]]:
            raise ReplyRejected(RejectionCode.SECTION, match.group())
        self._sections.append(MODEL_SECTIONS[due])
        self._rest = self._rest[match.end() :]
        return True

    def _refuse_broken_line(self) -> None:
        """A line or a mark that begins before the sentence has ended."""
        if "\n" in self._rest or "[" in self._rest or "]" in self._rest:
            raise ReplyRejected(RejectionCode.UNFINISHED, self._rest)
        if self._rest and not self._sections:
            raise ReplyRejected(RejectionCode.SECTION, self._rest)

    def _checked(self, text: str) -> CheckedSentence:
        if not self._sections:
            raise ReplyRejected(RejectionCode.SECTION, text)
        section = self._sections[-1]
        code = check_sentence(section, text, self._case, self._plan, self._said)
        if code:
            raise ReplyRejected(code, text)
        self._counts[section] = self._counts.get(section, 0) + 1
        first_of_all = sum(self._counts.values()) == 1
        lead = SECTION_BREAK if self._counts[section] == 1 else SENTENCE_BREAK
        return CheckedSentence(section, text if first_of_all else lead + text)

    def _check_whole(self) -> None:
        if tuple(self._counts) != MODEL_SECTIONS:
            raise ReplyRejected(RejectionCode.SECTION)
        if self._length < SHORTEST_REPLY:
            raise ReplyRejected(RejectionCode.LENGTH)
        for missing in self._missing():
            raise ReplyRejected(RejectionCode.MISSING, missing)

    def _missing(self) -> Iterator[str]:
        """What is planned or was found, and was not said."""
        summary, said = self._said.summary, self._said
        told = told_grades(summary)
        yield from (c.korean for c in elevated_conditions(self._case) if c not in told)
        yield from (c.korean for c in abstained_conditions(self._case) if c.korean not in summary)
        yield from (r.text for r in planned_rules(self._plan) if r.code not in said.actions)
        yield from (step.text for step in self._plan.routine if step.text not in said.steps)


def rules_advice(case: Case, plan: Plan) -> tuple[CheckedSentence, ...]:
    """The plan in the rules' own words: the same sections that the model writes."""
    return _laid_out(
        {
            AdviceSectionKind.SUMMARY: summary_sentences(case, first_way),
            AdviceSectionKind.CARE: care_sentences(plan, first_way),
            AdviceSectionKind.ROUTINE: routine_sentences(plan, first_way),
        }
    )


def closing_sections(case: Case, plan: Plan) -> tuple[CheckedSentence, ...]:
    """Caution and, where there is one, the referral: always the rules' words, never the model's.

    Follows other sections, and so begins with a break.
    """
    sections = {AdviceSectionKind.CAUTION: list(CAUTIONS)}
    if plan.referral:
        sections[AdviceSectionKind.REFERRAL] = [*plan.referral.reasons, plan.referral.text]
    first, *rest = _laid_out(sections)
    return (CheckedSentence(first.section, SECTION_BREAK + first.text), *rest)


def _laid_out(sections: dict[AdviceSectionKind, list[str]]) -> tuple[CheckedSentence, ...]:
    laid: list[CheckedSentence] = []
    for kind, sentences in sections.items():
        for number, sentence in enumerate(sentences):
            lead = SENTENCE_BREAK if number else SECTION_BREAK if laid else ""
            laid.append(CheckedSentence(kind, lead + sentence))
    return tuple(laid)
