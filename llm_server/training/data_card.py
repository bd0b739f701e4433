"""The card of the training pairs, in Markdown."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Final

from dupi.advice.checks import planned_rules
from dupi.advice.prompts import NEWEST, reply_opening
from dupi.knowledge.rulebook import NEWEST as EDITION
from dupi.knowledge.rules import elevated_conditions
from llm_server.training.building import Built
from llm_server.training.grading import distinct_ngrams
from llm_server.training.historical import historical_prompt
from llm_server.training.overlap import self_overlap
from llm_server.training.pairs import AdvicePair
from llm_server.training.told import told_answers

SAMPLES: Final = 5
FIGURES_OF: Final = 1_000
"""Texts that the distinct share is told of beside that of all: it falls as texts are added."""

TEMPLATE: Final = """# Data card: prompts and advices

Written by `python -m llm_server.training.dataset` (seed {seed}, rules {rules}, prompt {prompt}).

## What it is

Pairs of a prompt (a person's findings, answers and the plan that the rules made) and an advice in
Korean. The texts are the project's own, put together from `llm_server/training/wordings/*.toml` and
`dupi/knowledge`; nobody's words are in them. They teach a small model to put a plan into words, not
what is right for a scalp: that is the rules'.

## Where the people come from

{people}

Files of AI-Hub's format are read whatever their folders are; a session is one person with its
worst grades. Strings are cleaned first (one form of each letter, half-width digits and Latin, no
signs beyond plain ones, no emoji, single spaces). The files hold neither symptoms nor
circumstances: those are drawn. Drawn people answer each question for itself but for a few ties
(permed hair is mostly of people who perm). Neither kind says how often anything is among real
people.

## Splits

One combination in ten, by a hash of findings, answers and symptoms, is for testing only. People who
differ only in age, gender or site are one combination. The command stops where one lies on both
sides.

## Checks

Each advice passed the checks that guard serving, as a whole and sentence by sentence; the command
stops at one that does not.

* Sentences drawn anew because a check refused them: {refused}.
* Sentences in the rules' plain words because nothing else passed: {plain}.
* Texts left out as repeated: {repeated}.

## Figures

| | train | test |
|---|---|---|
{figures}

Distinct 4-grams: different word 4-grams over all that the texts hold. Overlap: the share of a
text's 4-grams that the text of another person has too, over {sampled} random pairs of people.
Names: texts whose care part itself names one of the person's findings, or one of the answers.

All texts are in 해요체, as the summary, the cautions and the referral around them are.

## Formats

`messages` is prompt {prompt} of `dupi/advice/prompts.py`; the reply goes on from the summary. The
prompt of the student project that came before is kept in `historical_prompt`:

```
{historical}
```

## Samples

{samples}
"""


def write_card(path: Path, built: Built, seed: int) -> str:
    """Writes and gives the card."""
    first = built.pairs["train"][0]
    refused = {code: n for code, n in built.drawn_anew.items() if code != "plain"}
    told = ", ".join(f"{n} {code}" for code, n in sorted(refused.items())) or "none"
    card = TEMPLATE.format(
        seed=seed,
        rules=EDITION,
        prompt=NEWEST,
        people=_people(built),
        refused=f"{sum(refused.values())} ({told})",
        plain=built.drawn_anew["plain"],
        repeated=built.repeated,
        figures="\n".join(_figures(built)),
        sampled="5,000",
        historical=historical_prompt(first.case),
        samples="\n\n".join(map(_sample, built.pairs["test"][:SAMPLES])),
    )
    path.write_text(card, "utf-8")
    return card


def _people(built: Built) -> str:
    files, total = built.files, sum(map(len, built.pairs.values()))
    if not files.photos:
        return f"All {total} were drawn."
    unknown = ", ".join(f"{a} ({n})" for a, n in files.unknown.most_common(10)) or "none"
    return (
        f"{files.people} of {files.photos} photos' label files, the rest of {total} drawn. In the "
        f"files: {files.repeated} repeated, {files.refused} refused, {files.incomplete} people "
        f"without whole answers, answers that no choice fits: {unknown}."
    )


def _figures(built: Built) -> Iterator[str]:
    columns = [_column(built.pairs[s], len(built.combinations[s])) for s in ("train", "test")]
    for name in columns[0]:
        yield f"| {name} | {' | '.join(column[name] for column in columns)} |"


def _column(pairs: Sequence[AdvicePair], combinations: int) -> dict[str, str]:
    replies = [pair.reply for pair in pairs]
    overlap, most = self_overlap(replies)
    return {
        "pairs, all unique": f"{len(pairs):,}",
        "combinations": f"{combinations:,}",
        "characters, mean and longest": f"{mean(map(len, replies)):.0f}, {max(map(len, replies))}",
        "distinct 4-grams of 1,000 texts": f"{distinct_ngrams(replies[:FIGURES_OF]):.3f}",
        "distinct 4-grams of all": f"{distinct_ngrams(replies):.3f}",
        "overlap, mean": f"{overlap:.3f}",
        "overlap, 99th percentile": f"{most:.3f}",
        "actions, and texts that hold the rarest": _rarest(pairs),
        "with a referral": f"{mean(p.plan.referral is not None for p in pairs):.3f}",
        "names a finding": f"{_share(pairs, _names_finding):.3f}",
        "names an answer": f"{_share(pairs, _names_answer):.3f}",
    }


def _rarest(pairs: Sequence[AdvicePair]) -> str:
    met = Counter(rule.code for pair in pairs for rule in planned_rules(pair.plan))
    code, times = met.most_common()[-1]
    return f"{len(met)}, {times} ({code})"


def _share(pairs: Sequence[AdvicePair], holds: Callable[[AdvicePair], bool | None]) -> float:
    held = [answer for answer in map(holds, pairs) if answer is not None]
    return sum(held) / max(1, len(held))


def _names_finding(pair: AdvicePair) -> bool | None:
    """``None`` where nothing was found."""
    found = [condition.korean for condition in elevated_conditions(pair.case)]
    return any(name in pair.reply for name in found) if found else None


def _names_answer(pair: AdvicePair) -> bool | None:
    """``None`` where no answer bears on what is advised."""
    told = [told_answers(rule, pair.case) for rule in planned_rules(pair.plan)]
    clauses = [clause[:-1] for facts in told for clause in (*facts.cause, *facts.ground)]
    return any(clause in pair.reply for clause in clauses) if clauses else None


def _sample(pair: AdvicePair) -> str:
    prompt = pair.messages[-1]["content"]
    return f"```\n{prompt}\n\n→ {reply_opening(pair.case)}{pair.reply}\n```"
