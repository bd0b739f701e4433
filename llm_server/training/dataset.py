"""Builds the prompt → advice pairs: ``python -m llm_server.training.dataset [--labels FOLDER]``.

People of AI-Hub-format files first, drawn people up to the number asked for. Writes
``train.jsonl``, ``test.jsonl`` and their card (``CARD.md``). It stops where a pair would fail the
reply checks, or where a combination that is tested would be trained on.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from dupi.knowledge.rulebook import NEWEST as EDITION
from dupi.knowledge.rules import make_plan
from llm_server.training.building import BadPair, build
from llm_server.training.case_records import case_of, record_of
from llm_server.training.data_card import write_card
from llm_server.training.historical import historical_prompt
from llm_server.training.pairs import AdvicePair
from llm_server.training.recipe import RUNS

PAIRS: Final = RUNS / "pairs"


def write_pairs(path: Path, pairs: Iterable[AdvicePair]) -> None:
    """One JSON object a line: the case, the prompt, the historical prompt, the reply."""
    with path.open("w", encoding="utf-8") as lines:
        for pair in pairs:
            lines.write(json.dumps(_row(pair), ensure_ascii=False) + "\n")


def _row(pair: AdvicePair) -> dict[str, Any]:
    return {
        "case": record_of(pair.case),
        "messages": pair.messages,
        "historical_prompt": historical_prompt(pair.case),
        "reply": pair.reply,
    }


def read_pairs(path: Path) -> list[AdvicePair]:
    """Pairs of a file. Raises :class:`BadPair` where the rules or the prompt are not those that it
    was made with: build it again."""
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [_pair(row, path) for row in rows]


def _pair(row: dict[str, Any], path: Path) -> AdvicePair:
    case = case_of(row["case"])
    pair = AdvicePair(case, make_plan(case, edition=EDITION), row["reply"])
    if pair.messages != row["messages"]:
        raise BadPair(f"{path} was made with other rules or another prompt; build it again")
    return pair


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, help="a folder with AI-Hub label files, any layout")
    parser.add_argument("--count", type=int, default=22_000)
    parser.add_argument("--tests", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--out", type=Path, default=PAIRS)
    parser.add_argument("--card", type=Path, help="where the card is kept beside the code")
    options = parser.parse_args()
    labels = options.labels if options.labels and options.labels.exists() else None
    bar = tqdm(total=options.count + options.tests, unit="pair", mininterval=2)
    built = build(options.count, options.tests, options.seed, labels, tick=bar.update)
    bar.close()
    options.out.mkdir(parents=True, exist_ok=True)
    for split, pairs in built.pairs.items():
        write_pairs(options.out / f"{split}.jsonl", pairs)
    card = write_card(options.out / "CARD.md", built, options.seed)
    if options.card:
        options.card.write_text(card, "utf-8")
    print(card)


if __name__ == "__main__":
    main()
