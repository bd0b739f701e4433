"""Measures published models on photos that no training run has seen.

    python -m export.evaluate --repository model_repository --data var/data/held_out \\
        --json export/weights/evaluation.json --markdown export/weights/README.md

The artefacts are measured as they are served: ``model.pt`` of each model, and the photos prepared
as serving prepares them. Numbers on drawn photos say nothing about photos of people.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from dupi.vision.contract import MANIFEST_FILE, Manifest
from export.data.dataset import NO_GRADE, STRANGERS, Item, find_items, pack
from export.metrics import confusion, macro_f1, quadratic_kappa
from export.model_card import SCALP, HeadScores, Refused, Report, as_markdown
from export.publish import MODEL_FILE
from export.wrap import load_compiled

_BATCH = 8


class Published:
    """The newest published version of every model."""

    def __init__(self, repository: Path) -> None:
        folders = {model: _newest(repository / model) for model in contract.COMPONENTS}
        self._models = {name: load_compiled(f / MODEL_FILE) for name, f in folders.items()}
        self.manifests = {name: _manifest(folder) for name, folder in folders.items()}

    @torch.inference_mode()
    def __call__(self, photos: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """Probabilities ``[B, 6, 4]`` and in-domain scores ``[B]``."""
        features = self._models[contract.TRUNK](torch.from_numpy(photos))[0]
        graded = [self._models[contract.head_name(c)](features)[0] for c in Condition]
        score = self._models[contract.DOMAIN_HEAD](features)[0]
        return torch.stack(graded, dim=1).numpy(), score[:, 0].numpy()


def _newest(folder: Path) -> Path:
    return max((p for p in folder.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))


def _manifest(folder: Path) -> Manifest:
    return Manifest(**json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8")))


def evaluate(models: Published, items: Sequence[Item]) -> Report:
    trunk, domain = models.manifests[contract.TRUNK], models.manifests[contract.DOMAIN_HEAD]
    packed = pack(list(items), trunk.input_size)
    starts = range(0, len(packed), _BATCH)
    answers = [models(packed.photos[s : s + _BATCH]) for s in track(starts, "grading")]
    graded, score = (np.concatenate(part) for part in zip(*answers, strict=True))
    scalp = packed.grades[:, 0] != NO_GRADE
    true, chosen = packed.grades[scalp], graded[scalp].argmax(axis=2)
    clear = (true == 0).all(axis=1)
    refused = score < (domain.abstain_below or 0.0)
    return Report(
        photos=int(scalp.sum()),
        strangers=int((~scalp).sum()),
        trunk_version=trunk.version,
        input_size=trunk.input_size,
        trained_on=trunk.trained_on,
        heads={
            str(condition): _scores(
                true[:, column],
                graded[scalp, column],
                models.manifests[contract.head_name(condition)].abstain_below or 0.0,
            )
            for column, condition in enumerate(Condition)
        },
        clear_photos=int(clear.sum()),
        clear_right=_share((chosen[clear] == 0).all(axis=1)),
        domain_version=domain.version,
        domain_trained_on=domain.trained_on,
        in_domain_right=_share(refused != scalp),
        refused_by_kind=_by_kind([_kind(item) for item in items], refused),
    )


def _kind(item: Item) -> str:
    if item.grades:
        return SCALP
    folder = item.path.parent.name
    return "of mixed kinds" if folder == STRANGERS else folder


def _by_kind(kinds: list[str], refused: NDArray[np.bool_]) -> dict[str, Refused]:
    photos = Counter(kinds)
    hits = Counter(kind for kind, is_refused in zip(kinds, refused, strict=True) if is_refused)
    return {kind: Refused(photos[kind], hits[kind]) for kind in sorted(photos)}


def _scores(
    true: NDArray[np.int64], graded: NDArray[np.float32], abstain_below: float
) -> HeadScores:
    chosen = graded.argmax(axis=1)
    counts = confusion(true, chosen)
    kept = graded.max(axis=1) >= abstain_below
    return HeadScores(
        exact=_share(chosen == true),
        kappa=round(quadratic_kappa(counts), 4),
        macro_f1=round(macro_f1(counts), 4),
        abstained=_share(~kept),
        exact_of_kept=_share((chosen == true)[kept]),
        confusion=counts.tolist(),
    )


def _share(right: NDArray[np.bool_]) -> float:
    return round(float(right.mean()), 4) if len(right) else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in ("--repository", "--data", "--json", "--markdown"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    models = Published(given.repository)
    report = evaluate(models, find_items(given.data).items)
    given.json.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    given.markdown.write_text(as_markdown(report), encoding="utf-8")


if __name__ == "__main__":
    main()
