"""Judges published models, or a training run, by photos that no training run has seen.

    python -m export.evaluate --repository model_repository --data var/data/aihub
    python -m export.evaluate --repository model_repository --whole --data var/data/held_out \\
        var/data/real/judging --out var/evaluation
    python -m export.evaluate --run var/runs/4 --data var/data/aihub

Of ``--data`` the test split alone judges, so say it as in training, ``--split-by`` too; ``--whole``
is for sets that were drawn or kept apart, and refused for the set that was trained on. The command
writes ``report.json``, ``card.md`` and the pictures of both. What is shipped gets its card by
``--markdown export/weights/README.md --json export/weights/evaluation.json --pictures
export/weights/pictures``. Published artefacts are measured as they are served: ``model.pt`` of each
model, and the photos prepared as serving prepares them.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from dupi.vision import contract
from export.data.dataset import gather_beside, pack
from export.data.items import Item, Split, data_digest, split_digest
from export.data.options import add_data_options, sources_of
from export.data.splits import SplitBy, split_items
from export.judging.answers import Published, kind_of
from export.judging.card import DRAWN, PHOTOGRAPHED, as_markdown
from export.judging.evaluation import Evaluation, Wanted, evaluate
from export.judging.plots import write_plots
from export.judging.trained import Trained
from export.weights_file import WEIGHTS

_PACKED: Final = "packed"
"""Below OUT: the photos at the models' size, which judging again takes from there."""


def run(given: argparse.Namespace) -> list[Path]:
    """Judges, and returns what was written."""
    torch.set_num_threads(1)  # more only get into each other's way at this size
    models = Trained(given.run) if given.run else Published(given.repository, dict(given.versions))
    cache = given.out / _PACKED
    found = gather_beside(cache, sources_of(given))
    items = judging_items(found.items, models, by=given.split_by, whole=given.whole)
    Console().print(found.summary, f"{len(items)} photos judge")
    packed = pack(items, models.input_size, cache, data_sha256=data_digest(items))
    wanted = Wanted(given.weights, given.replicates, given.alone, given.attention, given.seed)
    return write(evaluate(models, packed, [kind_of(item) for item in items], wanted), given)


def judging_items(
    items: Sequence[Item], models: Published | Trained, *, by: SplitBy, whole: bool
) -> Sequence[Item]:
    """The test split, or all where ``whole``. Raises ``ValueError`` where ``models`` are known to
    have been trained on some of them, and where there are none."""
    is_known = data_digest(items) in models.data_sha256s
    if whole:
        if is_known:
            raise ValueError("the models were trained on these photos: judge without --whole")
        return items
    parts = split_items(items, by)
    if is_known and models.split_sha256s and {split_digest(parts)} != models.split_sha256s:
        raise ValueError("the run split or labelled these photos otherwise: say --split-by as then")
    if not parts[Split.TEST]:
        raise ValueError("no photos in the test split: there are too few sessions")
    return parts[Split.TEST]


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


def version_of(text: str) -> tuple[str, int]:
    """``MODEL=N``. Raises ``ArgumentTypeError``."""
    model, _, number = text.partition("=")
    if model not in contract.COMPONENTS or not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text}: expected MODEL=N")
    return model, int(number)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    judged = options.add_mutually_exclusive_group(required=True)
    judged.add_argument("--repository", type=Path, help="of the published models")
    judged.add_argument("--run", type=Path, help="a training run of any layout, in their place")
    options.add_argument("--versions", type=version_of, nargs="+", default=[], metavar="MODEL=N",
                         help="of published models, where not the newest")  # fmt: skip
    add_data_options(options)
    options.add_argument("--whole", action="store_true",
                         help="all photos judge, not the test split alone")  # fmt: skip
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
