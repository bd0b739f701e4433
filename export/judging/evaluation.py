"""All that is judged of published models, in one place; ``report.json`` and the card tell it."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from dupi.knowledge.vocabulary import Condition, Severity
from dupi.vision import contract
from dupi.vision.contract import Manifest
from export.data.items import Packed
from export.judging.alone import Alone, judge_alone
from export.judging.answers import Published, judge
from export.judging.attention import Deletion, deletion, likeness_to_random
from export.judging.bootstrap import REPLICATES
from export.judging.judged import SCALP, Judged
from export.judging.metrics import Floats
from export.judging.report import Graded, grade_report
from export.judging.strangers import InDomain, domain_report
from export.judging.trained import Trained
from export.weights_file import digest
from export.wrap import served_module

FORMAT: Final = 2
_PACKAGES: Final = ("numpy", "torch", "transformers", "pillow")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is judged: resamples, drawings of one condition alone (0: none), photos a condition
    whose attention is checked (0: none), and the weights that the published models came from."""

    weights: Path
    replicates: int = REPLICATES
    alone: int = 600
    attention: int = 20
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Attention:
    """``like_random_head``: rank correlation with maps of randomised heads; None where the weights
    of the published head are not at hand."""

    deletion: Deletion
    like_random_head: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``models``: the manifests, by name. ``data_sha256`` of the photos judged; ``strangers``: how
    many of them are no scalps; ``origins`` of a run that was judged in place of published models.
    What was not judged is None or empty."""

    format: int
    replicates: int
    data_sha256: str
    strangers: int
    models: Mapping[str, Manifest]
    graded: Graded
    in_domain: InDomain | None
    alone: Mapping[str, Alone]
    attention: Mapping[str, Attention]
    versions: Mapping[str, str]
    origins: Sequence[Mapping[str, Any]] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values; what is no number is None."""
        plain: dict[str, Any] = _without_nan(asdict(self))
        return plain


def evaluate(
    models: Published | Trained, packed: Packed, kinds: Sequence[str], wanted: Wanted
) -> Evaluation:
    """``kinds``: of every photo, see ``answers.kind_of``. Attention is of what is published."""
    served = models if isinstance(models, Published) else None
    judged = judge(models, packed, kinds)
    drawing = {"replicates": wanted.replicates, "seed": wanted.seed}
    strangers = int((judged.kinds != SCALP).sum())
    thresholds = np.array([models.threshold(contract.head_name(c)) for c in Condition])
    in_domain_from = models.threshold(contract.DOMAIN_HEAD)
    return Evaluation(
        format=FORMAT,
        replicates=wanted.replicates,
        data_sha256=packed.data_sha256,
        strangers=strangers,
        models=models.manifests,
        graded=grade_report(judged, thresholds, **drawing),
        in_domain=domain_report(judged, in_domain_from, **drawing) if strangers else None,
        alone=judge_alone(served, wanted.alone, seed=wanted.seed)
        if served and wanted.alone
        else {},
        attention=_check_attention(served, packed, judged, wanted)
        if served and wanted.attention
        else {},
        versions=_versions(),
        origins=models.origins,
    )


def _check_attention(
    models: Published, packed: Packed, judged: Judged, wanted: Wanted
) -> dict[str, Attention]:
    checked = {}
    for column, condition in enumerate(Condition):
        true = judged.true[:, column]
        clear = np.flatnonzero(true == Severity.NONE)
        rows = np.flatnonzero(true >= Severity.MODERATE)[: wanted.attention]
        if len(rows) and len(clear):
            beside = np.resize(clear, len(rows))
            checked[str(condition)] = _attention(models, packed, condition, (rows, beside), wanted)
    return checked


def _attention(
    models: Published,
    packed: Packed,
    condition: Condition,
    rows: tuple[Any, Any],
    wanted: Wanted,
) -> Attention:
    photos, clear = (np.array(packed.photos[chosen]) for chosen in rows)

    def look(batch: np.ndarray[Any, np.dtype[np.uint8]]) -> tuple[Floats, Floats]:
        graded, attention = models.grade(models.features(batch), condition)
        return 1 - graded[:, 0].numpy().astype(np.float64), attention.numpy().astype(np.float64)

    manifest = models.manifests[contract.head_name(condition)]
    path = wanted.weights / f"{manifest.model}-{manifest.version}.safetensors"
    known = path.exists() and digest(path) == manifest.weights_sha256
    return Attention(
        deletion=deletion(look, photos, clear, seed=wanted.seed),
        like_random_head=(
            likeness_to_random(served_module(path)[1], models.features(photos), seed=wanted.seed)
            if known
            else None
        ),
    )


def _versions() -> dict[str, str]:
    found = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **found}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
