"""Trains the in-domain head anew on a released trunk, which stays as it is.

    python -m export.data.synthetic var/data/domain --count 500 --strangers 700
    python -m export.data.real_photos var/data/real
    python -m export.domain --data var/data/domain var/data/real/training \\
        --run var/runs/domain --version 3

A head alone takes minutes: the trunk's answers are computed once. The other heads are left alone,
and so are their figures. Real photographs teach it that not all that is drawn is a scalp and not
all that is photographed is none; those of ``real/judging`` are refused, for they judge it.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.nn import functional

from dupi.vision import contract
from export.calibrate import Calibration, calibrate_domain
from export.data.dataset import NO_GRADE, Packed, Sources, Split, packed_splits
from export.data.real_photos import is_photograph
from export.network import Head, ScalpNetwork, domain_head
from export.recipe import Backbone
from export.refine import Settings, compute_cells
from export.weights_file import (
    Card,
    halved,
    load_into,
    read_card,
    save_weights,
    weights_files,
)

_BATCH = 64
_SETTINGS = Settings(views=1, steps=800)


@dataclass(frozen=True, slots=True)
class Features:
    """``values`` fp32 [n, 192, h, w] of the trunk; ``scalp`` [n]: 1, or 0 for a stranger;
    ``photograph`` bool [n]: which strangers are real photographs, none where it is not given."""

    values: Tensor
    scalp: Tensor
    photograph: Tensor | None = None

    @property
    def chances(self) -> Tensor:
        """How often each is learned from ``[n]``: as often a scalp as a stranger, and as often a
        drawn stranger as a photograph, of which there are few."""
        scalp = self.scalp.bool()
        real = ~scalp & (torch.zeros_like(scalp) if self.photograph is None else self.photograph)
        drawn = ~scalp & ~real
        strangers = drawn / drawn.sum().clamp_min(1) + real / real.sum().clamp_min(1)
        return scalp / scalp.sum().clamp_min(1) + strangers / strangers.sum().clamp_min(1e-9)


@torch.inference_mode()
def compute_features(network: ScalpNetwork, packed: Packed, *, views: int | None) -> Features:
    """What the trunk sees in augmented ``views`` of each photo, or in the photos where None."""
    cells = compute_cells(network, packed, views=views)
    values = [network.trunk.join(part.float()) for part in cells.values.split(_BATCH)]
    photograph = torch.from_numpy(is_photograph(packed.sources)).repeat(views or 1)
    return Features(torch.cat(values), (cells.grades[:, 0] != NO_GRADE).float(), photograph)


def train_head(training: Features, settings: Settings) -> Head:
    """A new head that tells scalps from strangers; rounded to fp16, as it will be read back."""
    torch.manual_seed(settings.seed)
    head, values = domain_head().train(), training.values.clone()
    chances = training.chances
    optimiser = torch.optim.AdamW(
        head.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=settings.learning_rate, total_steps=settings.steps + 1, pct_start=0.1
    )
    for _ in track(range(settings.steps), "in-domain head"):
        rows = torch.multinomial(chances, _BATCH, replacement=True)
        logits = head(values[rows])[0].squeeze(1)
        loss = functional.binary_cross_entropy_with_logits(logits, training.scalp[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    head.load_state_dict(halved(head.state_dict()))
    return head.eval()


@torch.inference_mode()
def logits_of(head: Head, features: Features) -> Tensor:
    return head(features.values)[0].squeeze(1)


@dataclass(frozen=True, slots=True)
class Score:
    """Photos told wrongly, of how many: scalps that are refused, strangers that pass."""

    scalps: int
    scalps_refused: int
    strangers: int
    strangers_taken: int


def score(head: Head, features: Features, found: Calibration) -> Score:
    taken = torch.sigmoid(logits_of(head, features) / found.temperature) >= found.abstain_below
    scalp = features.scalp.bool()
    return Score(
        scalps=int(scalp.sum()),
        scalps_refused=int((scalp & ~taken).sum()),
        strangers=int((~scalp).sum()),
        strangers_taken=int((~scalp & taken).sum()),
    )


def retrain(
    trunk: Path, data: dict[Split, Packed], version: int, settings: Settings, folder: Path
) -> tuple[Path, Score]:
    """Writes the head's weights file into ``folder``; its score is of the test split.

    Raises ``ValueError`` where ``trunk`` is no trunk.
    """
    base = read_card(trunk)
    if base.model != contract.TRUNK:
        raise ValueError(f"{trunk.name} is no {contract.TRUNK}")
    network = ScalpNetwork(Backbone.model_validate(base.backbone)).eval()
    load_into(network.trunk, trunk)
    head = train_head(
        compute_features(network, data[Split.TRAINING], views=settings.views), settings
    )
    calibration = compute_features(network, data[Split.CALIBRATION], views=None)
    found = calibrate_domain(logits_of(head, calibration), calibration.scalp.bool())
    test = score(head, compute_features(network, data[Split.TEST], views=None), found)
    folder.mkdir(parents=True, exist_ok=True)
    return save_weights(folder, _card(base, version, found, data[Split.TRAINING]), head), test


def _card(base: Card, version: int, found: Calibration, training: Packed) -> Card:
    return Card(
        model=contract.DOMAIN_HEAD,
        version=version,
        trunk_version=base.version,
        input_size=base.input_size,
        temperature=found.temperature,
        abstain_below=found.abstain_below,
        trained_on=_described(training),
        data_sha256=training.data_sha256,
    )


def _described(training: Packed) -> str:
    strangers = training.grades[:, 0] == NO_GRADE
    real = int((strangers & is_photograph(training.sources)).sum())
    drawn, scalps = int(strangers.sum()) - real, int((~strangers).sum())
    return (
        f"{scalps:,} synthetic photos of scalps and {drawn:,} of faces and other things, drawn by "
        f"this project but for pieces of sample photos, and {real:,} photographs of other things; "
        "no photograph of a scalp"
    )


def _newest_trunk() -> Path:
    trunks = [path for path in weights_files() if read_card(path).model == contract.TRUNK]
    return max(trunks, key=lambda path: read_card(path).version)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, nargs="+", help="scalps and strangers")
    parser.add_argument("--run", type=Path, required=True, help="where the weights are written")
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--trunk", type=Path, help="weights file; the newest where not given")
    given = parser.parse_args()
    torch.set_num_threads(1)
    trunk = given.trunk or _newest_trunk()
    sources, cache = Sources(aihub=tuple(given.data)), given.run.parent / "packed"
    data = packed_splits(sources, cache, read_card(trunk).input_size)
    path, test = retrain(trunk, data, given.version, _SETTINGS, given.run)
    Console().print(f"{path}: of the test split, {test}")


if __name__ == "__main__":
    main()
