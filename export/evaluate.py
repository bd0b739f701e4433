"""Judges published models by photos that no training run has seen.

    python -m export.evaluate --repository model_repository --data var/data/held_out \\
        var/data/real/judging --out var/evaluation

writes ``report.json``, ``card.md`` and the pictures of both. What is shipped gets its card by
``--markdown export/weights/README.md --json export/weights/evaluation.json --pictures
export/weights/pictures``. The artefacts are measured as they are served: ``model.pt`` of each
model, and the photos prepared as serving prepares them.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from export.data.dataset import Sources, data_digest, gather, pack
from export.judging.answers import Published, kind_of
from export.judging.card import DRAWN, PHOTOGRAPHED, as_markdown
from export.judging.evaluation import Evaluation, Wanted, evaluate
from export.judging.plots import write_plots
from export.weights_file import WEIGHTS

_PACKED: Final = "packed"
"""Below OUT: the photos at the models' size, which judging again takes from there."""


def run(given: argparse.Namespace) -> list[Path]:
    """Judges, and returns what was written."""
    torch.set_num_threads(1)  # more only get into each other's way at this size
    models, found = Published(given.repository), gather(Sources(aihub=tuple(given.data)))
    Console().print(found.summary)
    packed = pack(
        found.items, models.input_size, given.out / _PACKED, data_sha256=data_digest(found.items)
    )
    wanted = Wanted(given.weights, given.replicates, given.alone, given.attention, given.seed)
    return write(evaluate(models, packed, [kind_of(item) for item in found.items], wanted), given)


def write(result: Evaluation, given: argparse.Namespace) -> list[Path]:
    """Report, card and pictures, where ``given`` wants them."""
    report, card = given.json or given.out / "report.json", given.markdown or given.out / "card.md"
    pictures = given.pictures or given.out
    for folder in (report.parent, card.parent, pictures):
        folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result.as_json(), ensure_ascii=False, indent=1, allow_nan=False)
    report.write_text(text + "\n", encoding="utf-8")
    recipe = given.recipe.read_text(encoding="utf-8") if given.recipe else ""
    beside = Path(os.path.relpath(pictures, card.parent)).as_posix()
    told = as_markdown(
        result, given.photos, pictures="" if beside == "." else beside, recipe=recipe
    )
    card.write_text(told, encoding="utf-8")
    return [report, card, *write_plots(result.graded.scores, pictures)]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--repository", type=Path, required=True)
    options.add_argument("--data", type=Path, required=True, nargs="+", help="folders of photos")
    options.add_argument("--out", type=Path, default=Path("var/evaluation"))
    options.add_argument("--json", type=Path, help="the report, if not OUT/report.json")
    options.add_argument("--markdown", type=Path, help="the card, if not OUT/card.md")
    options.add_argument("--pictures", type=Path, help="folder of the pictures, if not OUT")
    options.add_argument("--photos", choices=(DRAWN, PHOTOGRAPHED), default=DRAWN)
    options.add_argument("--recipe", type=Path, help="the training recipe, to be told on the card")
    options.add_argument("--weights", type=Path, default=WEIGHTS, help="of what is published")
    options.add_argument("--replicates", type=int, default=1000)
    options.add_argument("--alone", type=int, default=600, help="drawings of one condition alone")
    options.add_argument("--attention", type=int, default=20, help="maps checked per condition")
    options.add_argument("--seed", type=int, default=0)
    return options


def main() -> None:
    given = parser().parse_args()
    for path in run(given):
        Console().print(str(path))


if __name__ == "__main__":
    main()
