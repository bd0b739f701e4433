"""Six whole classifiers, one a condition: ``python -m tests.bench.ml.separate REPOSITORY``.

Each is the shipped trunk with one shipped head in one TorchScript, as if six networks of that size
had been trained. Writes ``<name>/1/model.pt``; their configurations are the caller's.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dupi.vision import contract
from export.publish import MODEL_FILE
from export.weights_file import Card
from export.wrap import compile_module, newest_modules, save_compiled


class SeparateClassifier(nn.Module):
    """Photos to what the head says of them, through a trunk of its own."""

    def __init__(self, trunk: Any, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk.trunk
        self.head = head

    def forward(self, photos: Tensor) -> tuple[Tensor, ...]:
        outputs: tuple[Tensor, ...] = self.head(self.trunk(photos))
        return outputs


def write_separate(repository: Path) -> None:
    modules = newest_modules()
    trunk = modules[contract.TRUNK]
    for name in contract.HEADS:
        classifier = SeparateClassifier(trunk, modules[name]).eval()
        folder = repository / f"separate_{name}" / "1"
        folder.mkdir(parents=True)
        save_compiled(compile_module(_taking_photos(), classifier), folder / MODEL_FILE)


def _taking_photos() -> Card:
    """A card by which the exporter traces with photos."""
    return Card(contract.TRUNK, 1, 1, contract.INPUT_SIZE, 1.0, None, "")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_separate(Path(sys.argv[1]))
