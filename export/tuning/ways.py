"""Ways to run the same network: what is served, and what else could be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from dupi.vision import contract
from export.training.devices import precision_on
from export.verify import TOLERANCE, difference
from export.weights_file import Card
from export.wrap import compile_module, trace_frozen, with_numbered_padding

EAGER: Final = "eager"
FROZEN: Final = "frozen"
FOLDED: Final = "frozen, norms folded"
SERVED: Final = "as served"
CHANNELS_FIRST: Final = "channels first"
FUSED: Final = "oneDNN fusion"
BF16: Final = "bf16"
COMPILED: Final = "torch.compile"

Outputs = tuple[Tensor, ...]
Run = Callable[[Tensor], Outputs]
Build = Callable[[Card, nn.Module], Run]


def _frozen(card: Card, module: nn.Module) -> Run:
    """Traced and frozen as it is."""
    run: Run = trace_frozen(card, module)
    return run


def _folded(card: Card, module: nn.Module) -> Run:
    return _frozen(card, with_numbered_padding(module))


def _served(card: Card, module: nn.Module) -> Run:
    """What ``python -m export publish`` writes."""
    run: Run = compile_module(card, module)
    return run


def _channels_first(card: Card, module: nn.Module) -> Run:
    """The same program, from photos that lie in memory plane by plane."""
    served = _served(card, module)
    return lambda photos: served(photos.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1))


def _fused(card: Card, module: nn.Module) -> Run:
    """oneDNN's own operators, which join a convolution with what follows; for CPUs alone."""
    run: Run = torch.jit.optimize_for_inference(compile_module(card, module))
    return run


def _bf16(_: Card, module: nn.Module) -> Run:
    """Convolutions and products in bf16, the rest in fp32."""

    def run(photos: Tensor) -> Outputs:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = module(photos)
        return tuple(o.float() if o.is_floating_point() else o for o in outputs)

    return run


def _compiled(_: Card, module: nn.Module) -> Run:
    """Inductor's C++; it needs a compiler where it runs, and Triton's backends load TorchScript."""
    folded = with_numbered_padding(module).to(memory_format=torch.channels_last)
    run: Run = torch.compile(folded, dynamic=False)
    return run


WAYS: Final[Mapping[str, Build]] = {
    EAGER: lambda _, module: module,
    FROZEN: _frozen,
    FOLDED: _folded,
    SERVED: _served,
    CHANNELS_FIRST: _channels_first,
    FUSED: _fused,
    BF16: _bf16,
    COMPILED: _compiled,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether a way answers as eager does: ``differs`` as in ``export.verify``, ``regraded`` of
    the grades of all photos."""

    differs: float
    regraded: int

    @property
    def is_within_bound(self) -> bool:
        return self.differs <= TOLERANCE and not self.regraded


def compare(eager: Outputs, other: Outputs, grades: Callable[[Outputs], Tensor]) -> Kept:
    differs = max(difference(one, two) for one, two in zip(eager, other, strict=True))
    return Kept(differs, int((grades(eager) != grades(other)).sum()))


def photos_card(side: int) -> Card:
    """A card by which the exporter traces with photos."""
    return Card(contract.TRUNK, 1, 1, side, 1.0, None, "")


def multiplies_bf16() -> bool:
    """Elsewhere bf16 is emulated, a hundred times slower than fp32."""
    return precision_on(torch.device("cpu"), "auto") == "bf16"
