"""What an evaluation came to, for people: a table, and a page of samples; and as JSON."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from dupi.advice.prompts import reply_opening
from dupi.advice.replies import closing_sections, rules_advice
from llm_server.training.evaluation import Evaluation, Judged, Outcome

_ROWS: Final = {
    "cases": "unseen cases",
    "first_try_pass_rate": "pass at the first try",
    "fallback_rate": "get the rules' text in the end",
    "coverage": "of what is planned is told",
    "repetition": "repeat themselves",
    "different_replies": "differ from all others",
    "distinct_1": "distinct words",
    "distinct_2": "distinct 2-grams",
    "distinct_3": "distinct 3-grams",
    "distinct_4": "distinct 4-grams",
    "tokens": "tokens a reply",
    "characters": "characters a reply",
    "sentences": "sentences a reply",
    "at_once": "written at once",
    "tokens_per_second": "tokens a second",
    "first_sentence_s": "seconds to the first sentence",
    "whole_reply_s": "seconds to the end",
    "refusals": "why refused",
}
_SHARES: Final = frozenset(
    {"first_try_pass_rate", "fallback_rate", "coverage", "repetition", "different_replies"}
)
_OUTCOMES: Final = {
    Outcome.FIRST: "the model's, at the first try",
    Outcome.SECOND: "the model's, at the second try",
    Outcome.RULES: "the rules' own words: the model's were refused twice",
}


def write_report(folder: Path, evaluations: Sequence[Evaluation], *, samples: int) -> list[Path]:
    """``report.md``, ``report.json`` and ``samples.md`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {one.name: one.figures() for one in evaluations}
    texts = {
        "report.md": table(figures),
        "report.json": json.dumps(figures, ensure_ascii=False, indent=1) + "\n",
        "samples.md": "\n".join(_samples(evaluations[0], samples)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in texts]


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Markdown: a row a measure, a column an advisor."""
    lines = [f"| | {' | '.join(figures)} |", "|---|" + "---|" * len(figures)]
    for key, title in _ROWS.items():
        cells = [_cell(key, found[key]) for found in figures.values()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(key: str, value: Any) -> str:
    if key in _SHARES or key.startswith("distinct"):
        return f"{value:.1%}"
    if key == "refusals":
        return ", ".join(f"{code} {number}" for code, number in value.items()) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:g}" for name, number in value.items()) or "–"
    return f"{value:g}"


def _samples(evaluation: Evaluation, count: int) -> Iterator[str]:
    yield f"# Advice for {min(count, len(evaluation.judged))} unseen people, {evaluation.name}\n"
    yield "Each as a person would read it, under what the model was told. None was picked.\n"
    for number, judged in enumerate(evaluation.judged[:count], start=1):
        yield from _sample(number, judged, evaluation.sampling["prompt"])


def _sample(number: int, judged: Judged, prompt: str) -> Iterator[str]:
    told = judged.pair.prompted(prompt)[-1]["content"]
    yield f"## {number}\n"
    yield "\n".join(f"> {line}  " for line in told.splitlines()) + "\n"
    yield f"*{_OUTCOMES[judged.outcome]}*\n"
    yield given_text(judged) + "\n"
    if judged.refused:
        yield f"<details><summary>refused: {judged.refused.code}</summary>\n"
        yield f"{judged.reply.text}\n\n</details>\n"


def given_text(judged: Judged) -> str:
    """What the person reads, with the rules' closing sections."""
    case, plan = judged.pair.case, judged.pair.plan
    closing = "".join(sentence.text for sentence in closing_sections(case, plan))
    if judged.given is None:
        return "".join(sentence.text for sentence in rules_advice(case, plan)) + closing
    return reply_opening(case) + judged.given + closing
