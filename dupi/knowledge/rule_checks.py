"""What must hold between the entries of the rules, beyond what each entry must be by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dupi.knowledge.rule_entries import ActionRule, Phrased, RedFlag, Rulebook, When
from dupi.knowledge.vocabulary import Condition, ReferralUrgency, ShampooFrequency

SHAMPOO_DEFAULTS = frozenset({"code", "irritated", "dry_and_oily"})


def faults(book: Rulebook, phrases: Mapping[str, Any]) -> Iterator[str]:
    """One line for each thing that cannot be right in ``book``, read with ``phrases``."""
    yield from _codes(book, phrases)
    yield from _sources(book)
    yield from _shampoos(book)
    yield from _conflicts(book)
    yield from _steps(book)
    yield from _thresholds(book)
    yield from _words(book)
    if missing := set(ReferralUrgency) - set(book.referral_texts):
        yield f"referral_texts: nothing for {', '.join(sorted(missing))}"


def _codes(book: Rulebook, phrases: Mapping[str, Any]) -> Iterator[str]:
    counts = Counter([e.code for e in _phrased(book)] + [flag.code for flag in book.red_flags])
    yield from (
        f"{code}: {count} entries have this code" for code, count in counts.items() if count > 1
    )
    unknown = set(phrases) - {entry.code for entry in _phrased(book)} - {"verbs"}
    yield from (f"phrases {code}: no rule has this code" for code in sorted(unknown))
    texts = Counter(step.text for step in book.steps)
    yield from (f"step: {text!r} is the text of {n}" for text, n in texts.items() if n > 1)


def _sources(book: Rulebook) -> Iterator[str]:
    rules: tuple[ActionRule | RedFlag, ...] = (*book.sayable, *book.red_flags)
    cited = {key: rule.code for rule in rules for key in rule.source}
    for key in sorted(cited.keys() - book.sources.keys()):
        yield f"{cited[key]}: source {key} is not in [sources]"


def _shampoos(book: Rulebook) -> Iterator[str]:
    for condition in Condition:
        if condition not in book.shampoo_for:
            yield f"shampoo_for: nothing for {condition}"
    if set(book.shampoo_default) != SHAMPOO_DEFAULTS:
        yield f"shampoo_default: must hold {', '.join(sorted(SHAMPOO_DEFAULTS))}"
    named = {*book.shampoo_for.values(), *book.shampoo_default.values()}
    asked = {code for when in _whens(book) for code in when.shampoo}
    for code in sorted((named | asked) - book.shampoos.keys()):
        yield f"{code}: no shampoo has this code"
    for condition, code in book.shampoo_for.items():
        if code in book.shampoos and condition not in book.shampoos[code].conditions:
            yield f"shampoo_for {condition}: {code} is not for it"


def _conflicts(book: Rulebook) -> Iterator[str]:
    known = {rule.code for rule in _phrased(book)}
    pairs = {(k, d) for conflict in book.conflicts for k in conflict.keep for d in conflict.drop}
    for code in sorted({code for pair in pairs for code in pair} - known):
        yield f"conflict: no rule has the code {code}"
    yield from (
        f"conflict: {k} and {d} drop each other" for k, d in pairs if (d, k) in pairs and k <= d
    )
    yield from (
        f"conflict: {d} is a shampoo: no action can drop it" for _, d in pairs if d in book.shampoos
    )


def _steps(book: Rulebook) -> Iterator[str]:
    actions = {rule.code for rule in book.sayable}
    for step in book.steps:
        if step.action and step.action not in actions:
            yield f"step {step.code}: no action has the code {step.action}"
        if step.times is not None and not 1 <= step.times <= 7:
            yield f"step {step.code}: times is {step.times}, not 1 to 7"
    frequencies = set(map(str, ShampooFrequency))
    for code in sorted(frequencies - book.wash_times.keys()):
        yield f"wash_times: nothing for {code}"
    for code in sorted(book.wash_times.keys() - frequencies - actions):
        yield f"wash_times: {code} is no shampoo frequency and no action"


def _thresholds(book: Rulebook) -> Iterator[str]:
    for when in _whens(book):
        if when.also and not when.thresholds:
            yield "when: `also` stands without `from`"
    for rule in book.actions:
        if not rule.when:
            yield f"action {rule.code}: has no `when`, and so is never advised"
        asked = {condition for when in rule.when for condition in when.thresholds}
        for condition in sorted(asked - set(rule.conditions)):
            yield f"action {rule.code}: `from` names {condition}, `conditions` does not"


def _words(book: Rulebook) -> Iterator[str]:
    for rule in _phrased(book):
        for do in rule.do:
            if do.rpartition(" ")[2] not in book.verbs:
                yield f"phrases {rule.code}: {do!r} does not end in one of [verbs]"
            if not any(key in do for key in rule.keys):
                yield f"phrases {rule.code}: {do!r} holds none of its keys"
        if isinstance(rule, ActionRule) and not rule.because:
            yield f"phrases {rule.code}: has no `because`"
        for clause in rule.because:
            if not clause.endswith("니"):
                yield f"phrases {rule.code}: {clause!r} does not end in -니"


def _phrased(book: Rulebook) -> tuple[Phrased, ...]:
    return (*book.sayable, *book.steps)


def _whens(book: Rulebook) -> Iterator[When]:
    entries: Iterable[Any] = (*book.actions, *book.steps, *book.red_flags, *book.withheld)
    yield from (when for entry in entries for when in entry.when)
