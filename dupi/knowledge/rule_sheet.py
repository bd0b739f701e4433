"""The rules as tables in Markdown, for a dermatologist to read in a browser and correct.

``python -m dupi.knowledge.rule_sheet > docs/care-rules.md`` after every change of the newest ones.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar

from dupi.knowledge.rule_entries import RedFlag
from dupi.knowledge.rule_sheet_words import (
    AGES,
    DEFAULTS,
    FLAGS,
    GENDERS,
    KINDS,
    NOT_REVIEWED,
    QUESTIONS,
    RUNGS,
    URGENCIES,
)
from dupi.knowledge.rulebook import LIVE, NEWEST, ActionRule, Rulebook, RulesError, When, rulebook
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import (
    AgeBand,
    Condition,
    Gender,
    ScalpSite,
    Severity,
    ShampooFrequency,
)

Row = Sequence[str]
R = TypeVar("R", ActionRule, RedFlag)


def sheet(book: Rulebook) -> str:
    """The whole rulebook; ends with a line break."""
    return "\n".join([*_head(book), *_sections(book)]) + "\n"


def _head(book: Rulebook) -> Iterator[str]:
    yield "# 두피 관리 규칙 · Care rules"
    yield f"\n- 판: {book.version} (지금 쓰이는 판: {LIVE})"
    yield f"- 검토: {book.reviewed_by or NOT_REVIEWED}"
    yield f"- 고치는 곳: `dupi/knowledge/editions/{book.version}/rules.toml`, `referral.toml`"
    yield "- 고친 뒤: `python -m dupi.knowledge.rule_sheet > docs/care-rules.md`"
    yield f"- 관리 행동은 {book.max_actions}개까지(사진 다시 찍기는 따로), 위쪽이 먼저입니다."
    yield "- '늘'이라고 적힌 행동은 그 수를 넘더라도 빠지지 않습니다."


def _sections(book: Rulebook) -> Iterator[str]:
    yield from _table("1. 항목과 등급으로 보기", _GRADES, _grade_rows(book))
    yield from _list(
        ["더 높은 등급에서도 그대로 이어집니다.", "＊ 습관, 부위 같은 조건이 더 있어야 합니다."]
    )
    yield from _table("2. 상담을 권하는 신호", _FLAGS, _flag_rows(book))
    yield from _list(f"{URGENCIES[u]}: {text}" for u, text in book.referral_texts.items())
    yield from _table("3. 샴푸", _SHAMPOOS, _shampoo_rows(book))
    yield from _list(_shampoo_notes(book))
    yield from _table("4. 관리 행동", _ACTIONS, _action_rows(book))
    yield from _list([f"계획의 세기, 약한 것부터: {' → '.join(RUNGS.values())}"])
    yield from _table("5. 함께 말하지 않는 것", _CONFLICTS, _conflict_rows(book))
    yield from _table("6. 일주일 루틴", _STEPS, _step_rows(book))
    yield from _list(_washes(book))
    yield from _table("7. 출처", ("번호", "누가", "제목", "어디"), _source_rows(book))


_GRADES: Final = ("항목", "등급", "상담 신호", "샴푸", "이 등급부터 시작되는 행동")
_FLAGS: Final = ("신호", "언제까지", "언제", "알리는 말", "English", "출처")
_SHAMPOOS: Final = ("샴푸", "항목", "말", "까닭", "English", "출처")
_ACTIONS: Final = ("행동", "갈래", "항목", "언제", "말", "까닭", "English", "출처")
_CONFLICTS: Final = ("이것이 있으면", "이것은 빠진다", "까닭")
_STEPS: Final = ("단계", "일주일에", "언제", "말", "English", "행동")


def _grade_rows(book: Rulebook) -> Iterator[Row]:
    for condition in Condition:
        shampoo = book.shampoos[book.shampoo_for[condition]].text
        for grade in (Severity.MILD, Severity.MODERATE, Severity.SEVERE):
            at = (condition, grade)
            flags = [flag.code + _mark(flag.when, *at) for flag in _at(book.red_flags, *at)]
            actions = [rule.text + _mark(rule.when, *at) for rule in _at(book.actions, *at)]
            yield condition.korean, grade.korean, _lines(flags), shampoo, _lines(actions)


def _at(rules: Iterable[R], condition: Condition, grade: Severity) -> Iterator[R]:
    """The rules with a line that begins at this grade of this condition."""
    return (rule for rule in rules if list(_beginning(rule.when, condition, grade)))


def _beginning(whens: Iterable[When], c: Condition, grade: Severity) -> Iterator[When]:
    return (when for when in whens if grade in (when.thresholds.get(c), when.also.get(c)))


def _mark(whens: Iterable[When], condition: Condition, grade: Severity) -> str:
    """A star where more than the grade is asked for."""
    lines = _beginning(whens, condition, grade)
    return "" if any(not (w.words or w.also or w.below) for w in lines) else " ＊"


def _flag_rows(book: Rulebook) -> Iterator[Row]:
    for flag in book.red_flags:
        when, cited = _whens(flag.when, book), _cited(flag, book)
        yield flag.code, URGENCIES[flag.urgency], when, flag.reason, flag.en, cited


def _shampoo_rows(book: Rulebook) -> Iterator[Row]:
    for rule in book.shampoos.values():
        yield rule.code, _names(rule), rule.text, rule.reason, rule.en, _cited(rule, book)


def _shampoo_notes(book: Rulebook) -> Iterator[str]:
    order = ", ".join(c.korean for c in book.shampoo_for if c is not Condition.HAIR_LOSS)
    yield f"가장 높은 등급의 항목을 따르고, 등급이 같으면 이 차례: {order}. 탈모는 혼자 있을 때만."
    for condition, grade in book.shampoo_first.items():
        code = book.shampoo_for[condition]
        yield f"{condition.korean} {grade.korean}부터는 무엇이 더 심하든: {code}"
    yield from (f"{DEFAULTS[name]}: {code}" for name, code in book.shampoo_default.items())
    for entry in book.withheld:
        yield f"샴푸도 제품도 권하지 않음: {_whens(entry.when, book)}. {entry.because}"


def _action_rows(book: Rulebook) -> Iterator[Row]:
    for rule in book.actions:
        kind = KINDS[rule.kind] + (" · 늘" if rule.always else "")
        when, cited = _whens(rule.when, book), _cited(rule, book)
        yield rule.code, kind, _names(rule), when, rule.text, rule.reason, rule.en, cited


def _conflict_rows(book: Rulebook) -> Iterator[Row]:
    order = [rule.code for rule in (*book.sayable, *book.steps)]
    for conflict in book.conflicts:
        keep, drop = (sorted(codes, key=order.index) for codes in (conflict.keep, conflict.drop))
        yield _lines(keep), _lines(drop), conflict.because


def _step_rows(book: Rulebook) -> Iterator[Row]:
    for step in book.steps:
        times = "머리 감는 만큼" if step.times is None else f"{step.times}번"
        yield step.code, times, _whens(step.when, book), step.text, step.en, step.action or "–"


def _washes(book: Rulebook) -> Iterator[str]:
    frequencies = {str(f): f"{label(f)} 감는 사람" for f in ShampooFrequency}
    for name, times in book.wash_times.items():
        yield f"{frequencies.get(name, name)}: 일주일에 {times}번"


def _source_rows(book: Rulebook) -> Iterator[Row]:
    for number, source in enumerate(book.sources.values(), 1):
        yield f"[{number}]", source.who, source.title, f"<{source.at}>"


def _cited(rule: ActionRule | RedFlag, book: Rulebook) -> str:
    keys = list(book.sources)
    return " ".join(f"[{keys.index(key) + 1}]" for key in rule.source)


def _names(rule: ActionRule) -> str:
    """The conditions, each with the grade from which the rule is for it."""
    return _lines(f"{c.korean} {grade.korean}부터" for c, grade in rule.reaches.items())


def _lines(cells: Iterable[str]) -> str:
    return "<br>".join(cells) or "–"


def _whens(whens: Iterable[When], book: Rulebook) -> str:
    return "<br>또는 ".join(_when(when, book) for when in whens)


def _when(when: When, book: Rulebook) -> str:
    parts = [
        _any_of(when.thresholds),
        _any_of(when.also),
        ", ".join(f"{c.korean} {g.korean} 미만" for c, g in when.below.items()),
        *(f"{QUESTIONS[name]}: {_answers(name, when, book)}" for name in when.words),
        *(FLAGS[name][0 if wanted else 1] for name, wanted in when.flags.items()),
    ]
    return " · ".join(part for part in parts if part) or "늘"


def _any_of(thresholds: Mapping[Condition, Severity]) -> str:
    return " / ".join(f"{c.korean} {grade.korean} 이상" for c, grade in thresholds.items())


def _answers(name: str, when: When, book: Rulebook) -> str:
    asked = getattr(when, name)
    if name == "shampoo":
        return ", ".join(code for code in book.shampoos if code in asked)
    kind = type(next(iter(asked)))
    return ", ".join(_answer(value) for value in kind if value in asked)


def _answer(value: StrEnum) -> str:
    if isinstance(value, ScalpSite):
        return value.korean
    if isinstance(value, AgeBand):
        return AGES[value]
    return GENDERS[value] if isinstance(value, Gender) else label(value)


def _table(title: str, columns: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield _line(columns)
    yield _line(["---"] * len(columns))
    yield from map(_line, rows)


def _line(cells: Row) -> str:
    return f"| {' | '.join(cells)} |"


def _list(items: Iterable[str]) -> Iterator[str]:
    yield ""
    yield from (f"- {item}" for item in items)


def main() -> None:
    """Print the newest edition; what is wrong in its files goes to stderr, one line a fault."""
    try:
        sys.stdout.write(sheet(rulebook(NEWEST)))
    except RulesError as faults:
        sys.exit(str(faults))


if __name__ == "__main__":
    main()
