"""Measures published models on photos that no training run has seen.

    python -m export.evaluate --repository model_repository --data var/data/held_out \\
        --json export/weights/evaluation.json --markdown export/weights/README.md

The artefacts are measured as they are served: ``model.pt`` of each model, and the photos prepared
as serving prepares them. Numbers on drawn photos say nothing about photos of people.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from dupi.vision.contract import MANIFEST_FILE, Manifest
from export.data.dataset import NO_GRADE, Packed, find_items, pack
from export.metrics import confusion, macro_f1, quadratic_kappa
from export.publish import MODEL_FILE
from export.wrap import load_compiled

_BATCH = 8


@dataclass(frozen=True, slots=True)
class HeadScores:
    """``exact``, ``kappa`` (QWK) and ``macro_f1`` are over all photos, abstaining or not."""

    exact: float
    kappa: float
    macro_f1: float
    abstained: float
    exact_of_kept: float
    confusion: list[list[int]]


@dataclass(frozen=True, slots=True)
class Report:
    """``clear_right``: share of the photos without any condition that got NONE for all six."""

    photos: int
    strangers: int
    trunk_version: int
    input_size: int
    trained_on: str
    heads: Mapping[str, HeadScores]
    clear_photos: int
    clear_right: float
    in_domain_right: float


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


def evaluate(models: Published, packed: Packed) -> Report:
    starts = range(0, len(packed), _BATCH)
    answers = [models(packed.photos[s : s + _BATCH]) for s in track(starts, "grading")]
    graded, score = (np.concatenate(part) for part in zip(*answers, strict=True))
    scalp = packed.grades[:, 0] != NO_GRADE
    true, chosen = packed.grades[scalp], graded[scalp].argmax(axis=2)
    clear = (true == 0).all(axis=1)
    trunk = models.manifests[contract.TRUNK]
    floor = models.manifests[contract.DOMAIN_HEAD].abstain_below or 0.0
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
        in_domain_right=_share((score >= floor) == scalp),
    )


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


_CARD = """# The shipped classifiers

Version {version}: an EfficientNet-B0 trunk with six ordinal heads (CORN) and an in-domain head,
{size} px, one safetensors file (fp16) a model. Every file's metadata holds its version, the trunk
it belongs to, its temperature and the confidence below which a finding abstains.

**Not a medical device.** Trained on {trained_on}, in the file
format of AI-Hub's scalp data set but without any of its images. The figures below say that the
models learned to read these drawings; they say nothing about scalps, make no clinical claim, and
are not comparable with any published accuracy on photos of people. Grades are this project's own
scale of drawn amounts (`export/data/drawing/grades.py`).

The trunk joins all depths of the backbone with simple statistics of each cell's colours, which let
it learn from scratch within an hour on one CPU core. Attention maps are class activations of the
head; they fade with the chance of any finding.

Version 1 was trained in three steps: six epochs of `export/recipes/first.toml`; after the colour
differences had been added to the cells, three epochs of `second.toml` from those weights
(`export.train --start`); then join and heads alone (`export.refine`). A new run has the colour
differences from the start, draws 5,000 photos and runs both recipes whole (ten and nine epochs);
that run has not been made. Temperatures and thresholds come from a calibration split
(`export.release`).

## Figures

"""


def as_markdown(report: Report) -> str:
    """The model card: what the models are, a table by condition, and figures of whole photos."""
    rows = [
        f"| {Condition(name).korean} `{name}` | {s.exact:.1%} | {s.kappa:.3f} | {s.macro_f1:.3f} "
        f"| {s.abstained:.1%} | {s.exact_of_kept:.1%} |"
        for name, s in report.heads.items()
    ]
    card = _CARD.format(
        version=report.trunk_version, trained_on=report.trained_on, size=report.input_size
    )
    return card + "\n".join(
        [
            f"Measured on {report.photos} drawn scalp photos and {report.strangers} that are no "
            "scalp, none of them seen in training.",
            "",
            "| condition | exact grade | QWK | macro F1 | abstained | exact where kept |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            f"- Photos without any condition that got `NONE` for all six: {report.clear_right:.1%} "
            f"of {report.clear_photos}.",
            f"- Scalp or no scalp told right: {report.in_domain_right:.1%}.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in ("--repository", "--data", "--json", "--markdown"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    models = Published(given.repository)
    size = models.manifests[contract.TRUNK].input_size
    report = evaluate(models, pack(list(find_items(given.data).items), size))
    given.json.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    given.markdown.write_text(as_markdown(report), encoding="utf-8")


if __name__ == "__main__":
    main()
