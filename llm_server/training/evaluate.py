"""How good an advisor is: ``python -m llm_server.training.evaluate [MODEL] [--beside BASE]``.

Replies to unseen cases, judged by the very checks that guard serving: passing at the first try,
falling back to the rules' text, coverage, repetition, variety, length, pace. Writes ``report.md``,
``report.json`` and a page of samples, ``samples.md``. MODEL: a merged version, weights with an
adapter, or a base; ``--url`` asks the server that serves it instead.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from llm_server.card import AdvisorCard
from llm_server.merge import DEFAULT_OUT, WEIGHTS
from llm_server.training.evaluation import evaluate
from llm_server.training.grading import unseen_pairs
from llm_server.training.report import table, write_report
from llm_server.training.writers import ServedWriter, WeightsWriter, Writer

OUT: Final = Path("var/evaluation/advisor")
CASES: Final = 1000


def newest_merged() -> Path:
    versions = [path for path in DEFAULT_OUT.iterdir() if path.name.isdigit()]
    return max(versions, key=lambda path: int(path.name))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", help="by default the newest merged version")
    parser.add_argument("--beside", type=Path, nargs="?", const=WEIGHTS / "base", metavar="BASE")
    parser.add_argument("--url", help="of a server of MODEL, http://host:port/v1")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


def writers(options: argparse.Namespace) -> Iterator[Writer]:
    model, at_once = options.model or newest_merged(), options.at_once
    first: Writer = (
        ServedWriter(options.url, AdvisorCard.read(model), at_once=at_once)
        if options.url
        else WeightsWriter(model, at_once=at_once)
    )
    yield first
    if options.beside:
        yield WeightsWriter(options.beside, at_once=at_once, like=first)


def main() -> None:
    options = read_options()
    asked = list(writers(options))
    cases = unseen_pairs(options.cases, edition=asked[0].rules)
    found = [evaluate(writer, cases) for writer in asked]
    written = write_report(options.out, found, samples=options.samples)
    print(table({one.name: one.figures() for one in found}))
    print("\n".join(map(str, written)))


if __name__ == "__main__":
    main()
