"""The data files: everything in them is reachable and whole, and what is wrong is told by name."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from dupi.knowledge import rule_sheet
from dupi.knowledge import rulebook as rules_files
from dupi.knowledge.plan import Plan
from dupi.knowledge.rulebook import (
    EDITIONS,
    NEWEST,
    Rulebook,
    RulesError,
    parse_rules,
    read_edition,
    rulebook,
)
from dupi.knowledge.rules import make_plan
from tests.knowledge.cases import sampled_cases

BOOK = rulebook(NEWEST)
BOOKS = [rulebook(edition) for edition in EDITIONS]
RULES, PHRASES = read_edition(NEWEST)
WIDE = replace(BOOK, max_actions=len(BOOK.actions))
"""The same rules with room for everything that applies."""


@cache
def met(edition: str) -> tuple[Plan, ...]:
    """Plans of persons of all kinds."""
    return tuple(make_plan(c, edition=edition) for c in sampled_cases(seed=1, count=6000))


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
def test_every_action_is_advised_to_someone(book: Rulebook) -> None:
    advised = {action.code for plan in met(book.version) for action in plan.actions}
    assert not [rule.code for rule in book.actions if rule.code not in advised]


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
def test_every_shampoo_and_step_is_advised_to_someone(book: Rulebook) -> None:
    shampoos = {plan.shampoo.code for plan in met(book.version) if plan.shampoo}
    steps = {step.text for plan in met(book.version) for step in plan.routine}
    assert shampoos == set(book.shampoos)
    assert steps == {step.text for step in book.steps}


def test_every_red_flag_is_someones_reason() -> None:
    referrals = [plan.referral for plan in met(NEWEST) if plan.referral]
    assert {r for ref in referrals for r in ref.reasons} == {f.reason for f in BOOK.red_flags}
    assert {referral.urgency for referral in referrals} == set(BOOK.referral_texts)


def test_every_source_is_cited() -> None:
    cited = {key for flag in BOOK.red_flags for key in flag.source}
    cited |= {key for book in BOOKS for rule in book.sayable for key in rule.source}
    assert cited == set(BOOK.sources)


def test_editions_refer_alike() -> None:
    assert [book.version for book in BOOKS] == list(EDITIONS)
    for case in sampled_cases(seed=8, count=300):
        referrals = [make_plan(case, book).referral for book in BOOKS]
        assert all(referral == referrals[0] for referral in referrals)


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copytree(rules_files.KNOWLEDGE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "editions" / NEWEST / "rules.toml").write_text("[[action]]\ncode = HANDS_OFF\n")
    monkeypatch.setattr(rules_files, "KNOWLEDGE", tmp_path)
    monkeypatch.setattr(rule_sheet, "rulebook", rulebook.__wrapped__)
    with pytest.raises(SystemExit, match=r"editions/2/rules\.toml: .*line 2"):
        rule_sheet.main()
    assert capsys.readouterr().out == ""


def test_an_edition_that_is_none_is_refused() -> None:
    with pytest.raises(RulesError, match=r"'9' is no edition: there are 1, 2"):
        rulebook("9")


@pytest.mark.parametrize("number", range(len(BOOK.conflicts)))
def test_every_conflict_keeps_two_things_apart(number: int) -> None:
    """Without it, someone's plan would hold one of each."""
    conflict = BOOK.conflicts[number]
    others = tuple(c for i, c in enumerate(BOOK.conflicts) if i != number)
    loose = replace(WIDE, conflicts=others)
    assert any(
        conflict.keep & (said := said_in(make_plan(case, loose))) and conflict.drop & said
        for case in sampled_cases(seed=2, count=2000)
    )


def said_in(plan: Plan) -> set[str]:
    steps = {BOOK.step(step.text).code for step in plan.routine}
    return {a.code for a in plan.actions} | steps | ({plan.shampoo.code} if plan.shampoo else set())


@pytest.mark.parametrize("book", BOOKS, ids=EDITIONS)
def test_everything_has_words_in_both_languages(book: Rulebook) -> None:
    for rule in (*book.sayable, *book.steps):
        assert rule.text
        assert rule.en.isascii()
    for flag in book.red_flags:
        assert flag.reason.endswith("요.")
        assert flag.en.isascii()


def wrong(section: str, code: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rules with one entry changed; None takes a field away."""
    rules = deepcopy(RULES)
    row = next(row for row in rules[section] if row["code"] == code)
    row.update(changes)
    for name in [name for name, value in changes.items() if value is None]:
        del row[name]
    return rules, PHRASES


def wrong_words(code: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    phrases = deepcopy(PHRASES)
    phrases.setdefault(code, {}).update(changes)
    return RULES, phrases


def more(section: str, row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {**RULES, section: [*RULES[section], row]}, PHRASES


FAULTS = {
    "a symptom that is none": (
        wrong("red_flag", "PUS", when=[{"symptoms": ["PUSS"]}]),
        r"red_flag PUS: when\.0\.symptoms\.0: .*PUSS",
    ),
    "a grade that is none": (
        wrong("action", "HANDS_OFF", when=[{"from": {"FOLLICULAR_PUSTULES": "LIGHT"}}]),
        r"action HANDS_OFF: when\.0\.from\.FOLLICULAR_PUSTULES: .*LIGHT",
    ),
    "a condition that is none": (
        wrong("action", "HANDS_OFF", conditions=["PIMPLES"]),
        r"action HANDS_OFF: conditions\.0: .*PIMPLES",
    ),
    "a word that means nothing": (
        wrong("action", "KEEP_HABITS", when=[{"everything_fine": True}]),
        r"action KEEP_HABITS: when\.0\.everything_fine: ",
    ),
    "no reason": (wrong("action", "WIG_BREAK", reason=None), r"action WIG_BREAK: reason: "),
    "no source": (wrong("action", "WIG_BREAK", source=[]), r"action WIG_BREAK: source: "),
    "no English": (wrong("step", "STEP_LOOK", en=None), r"step STEP_LOOK: en: "),
    "a source that is not listed": (
        wrong("action", "WIG_BREAK", source=["A_FRIEND", "AAD_EXTENSIONS"]),
        r"WIG_BREAK: source A_FRIEND is not in",
    ),
    "an urgency that is none": (
        wrong("red_flag", "PAIN", urgency="NOW"),
        r"red_flag PAIN: urgency: ",
    ),
    "a rung that is none": (wrong("action", "RECHECK", rung="HIGH"), r"RECHECK: rung: .*HIGH"),
    "a threshold for what the action is not for": (
        wrong("action", "WIDE_COMB", when=[{"from": {"DANDRUFF": "MILD"}}]),
        r"action WIDE_COMB: `from` names DANDRUFF, `conditions` does not",
    ),
    "also without from": (
        wrong("red_flag", "HAIR_LOSS", when=[{"also": {"DANDRUFF": "MILD"}}]),
        r"`also` stands without `from`",
    ),
    "a code twice": (more("red_flag", RULES["red_flag"][0]), r"FEVER: 2 entries have this code"),
    "a conflict with nobody": (
        more("conflict", {"keep": ["DYE_STOP"], "drop": ["SNOW"], "because": "-"}),
        r"conflict: no rule has the code SNOW",
    ),
    "a conflict both ways": (
        more("conflict", {"keep": ["DRY_WELL"], "drop": ["COOL_AIR"], "because": "-"}),
        r"conflict: COOL_AIR and DRY_WELL drop each other",
    ),
    "a shampoo that is not for its condition": (
        (
            {**RULES, "shampoo_for": {**RULES["shampoo_for"], "FINE_SCALING": "SHAMPOO_OILY"}},
            PHRASES,
        ),
        r"shampoo_for FINE_SCALING: SHAMPOO_OILY is not for it",
    ),
    "a step of no action": (
        wrong("step", "STEP_PILLOW", action="PILLOW_FIGHT"),
        r"step STEP_PILLOW: no action has the code PILLOW_FIGHT",
    ),
    "a step eight times a week": (wrong("step", "STEP_LOOK", times=8), r"STEP_LOOK: times is 8"),
    "a frequency without washes": (
        ({**RULES, "wash_times": {"ONCE_A_DAY": 7}}, PHRASES),
        r"wash_times: nothing for TWICE_A_DAY",
    ),
    "a verb that is not listed": (
        wrong_words("HANDS_OFF", do=["뾰루지를 사랑하다"]),
        r"phrases HANDS_OFF: '뾰루지를 사랑하다' does not end in one of",
    ),
    "a wording without a key": (
        wrong_words("HANDS_OFF", do=["손을 대지 않다"]),
        r"phrases HANDS_OFF: '손을 대지 않다' holds none of its keys",
    ),
    "words for no rule": (
        wrong_words("SNOW", do=["눈을 쓸다"], keys=["눈"]),
        r"phrases SNOW: no rule has this code",
    ),
}


@pytest.mark.parametrize(("files", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_is_told_by_name(
    files: tuple[dict[str, Any], dict[str, Any]], message: str
) -> None:
    with pytest.raises(RulesError, match=message):
        parse_rules(*files)


def test_all_faults_are_told_at_once() -> None:
    rules, _ = wrong("action", "HANDS_OFF", reason="", kind="advice")
    rules["red_flag"][0]["urgency"] = "NOW"
    with pytest.raises(RulesError) as told:
        parse_rules(rules, PHRASES)
    assert set(starts(str(told.value))) == {"action HANDS_OFF", "red_flag FEVER"}
    assert len(str(told.value).splitlines()) == 3


def starts(message: str) -> Iterator[str]:
    yield from (line.split(":")[0] for line in message.splitlines())
