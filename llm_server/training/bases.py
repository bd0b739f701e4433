"""Public bases by name, and the memory they need: ``python -m llm_server.training.bases``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

import torch

from llm_server.training.refusals import CannotTrain, TrainingRefusal

BASES_FILE: Final = Path(__file__).with_name("bases.toml")
GIB: Final = 2**30
_RANK: Final = 16
_MATRICES: Final = 14
"""Adapter matrices a layer: two for each of seven linear layers, about as wide as the model."""
_ADAPTER_BYTES: Final = 16
"""float32 weights, gradients and Adam's two moments."""
_KEPT_A_TOKEN: Final = 34
"""Bytes kept for the way back, a token, layer and unit of width; with recomputing, of one layer."""
_LOGIT_BYTES: Final = 8
_FIXED_GIB: Final = 1.0
"""The libraries' own."""
_TOKENS: Final = 2048


class Method(StrEnum):
    """How the base is held while its adapter is trained."""

    FULL = "full"
    """float32: exact; for small bases and CPUs."""
    HALF = "half"
    """The base's own 16-bit type."""
    EIGHT_BIT = "8bit"
    """bitsandbytes int8; layers that do not fit the GPU stay in main memory, in float32."""
    QLORA = "qlora"
    """bitsandbytes NF4 with double quantisation, computed in bfloat16."""


BYTES_A_WEIGHT: Final = {
    Method.FULL: 4.0,
    Method.HALF: 2.0,
    Method.EIGHT_BIT: 1.1,
    Method.QLORA: 0.6,
}
"""Quantised: with scales, and with embeddings and norms left as they are."""


@dataclass(frozen=True, slots=True)
class Base:
    """An entry of ``bases.toml``; ``parameters`` in thousand millions."""

    name: str
    hub: str
    architecture: str
    parameters: float
    layers: int
    width: int
    vocabulary: int
    modules: tuple[str, ...]
    dtype: str
    end: str
    licence: str
    template: str | None = None
    thinking: bool = False
    token: bool = False

    @classmethod
    def from_row(cls, name: str, row: Mapping[str, Any]) -> Self:
        return cls(name=name, **{**row, "modules": tuple(row["modules"])})

    def memory_gib(self, method: Method, tokens: int = _TOKENS) -> float:
        """About what training with ``tokens`` tokens at a time needs, in GiB.

        Weights, adapter with its optimiser, what is kept for the way back (one layer at a time is
        computed again, as :func:`llm_server.training.loading.load_base` sets it), and logits.
        """
        weights = self.parameters * 1e9 * BYTES_A_WEIGHT[method]
        adapter = _RANK * _MATRICES * self.layers * self.width * _ADAPTER_BYTES
        kept = tokens * self.width * (_KEPT_A_TOKEN + 2 * self.layers)
        logits = tokens * self.vocabulary * _LOGIT_BYTES
        return (weights + adapter + kept + logits) / GIB + _FIXED_GIB

    @property
    def disk_gib(self) -> float:
        """About what is fetched: sixteen bits a weight."""
        return self.parameters * 2e9 / GIB


def read_bases() -> dict[str, Base]:
    """All entries by name; a dot is written as an underscore in the file."""
    rows = tomllib.loads(BASES_FILE.read_text("utf-8"))
    names = {name.replace("_", "."): row for name, row in rows.items()}
    return {name: Base.from_row(name, row) for name, row in names.items()}


def find_base(name: str) -> Base:
    """Raises CannotTrain (UNKNOWN_BASE)."""
    known = read_bases()
    if name not in known:
        raise CannotTrain(
            TrainingRefusal.UNKNOWN_BASE,
            f"no base is called {name!r}. Give a folder with a model and its tokenizer, "
            f"or one of: {', '.join(known)}.",
        )
    return known[name]


def free_memory_gib(method: Method = Method.FULL) -> float:
    """Of the largest GPU, where there is one, else of the machine.

    With ``8bit`` what a GPU has no room for goes to main memory, where it takes four times as much.
    """
    if not torch.cuda.is_available():
        return _free_main_memory_gib()
    count = torch.cuda.device_count()
    on_gpu = max(torch.cuda.mem_get_info(i)[0] for i in range(count)) / GIB
    beside = _free_main_memory_gib() / 4 if method is Method.EIGHT_BIT else 0.0
    return float(on_gpu + beside)


def _free_main_memory_gib() -> float:
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(line for line in lines if line.startswith("MemAvailable"))
    return int(available.split()[1]) / 2**20


def refuse_for_memory(base: Base, method: Method, tokens: int, free_gib: float) -> None:
    """Raises CannotTrain (NOT_ENOUGH_MEMORY) that says how much is needed and what would fit."""
    need = base.memory_gib(method, tokens)
    if need <= free_gib:
        return
    fitting = [
        f"--base {other.name} --method {way} (about {other.memory_gib(way, tokens):.1f} GiB)"
        for other in (base, *read_bases().values())
        for way in Method
        if other.memory_gib(way, tokens) <= free_gib and (other is base or way is method)
    ]
    advice = ", ".join(fitting[:3]) or "nothing that is known here: take a larger machine"
    raise CannotTrain(
        TrainingRefusal.NOT_ENOUGH_MEMORY,
        f"{base.name} with --method {method} needs about {need:.1f} GiB for {tokens} tokens at a "
        f"time; {free_gib:.1f} GiB are free. What fits: {advice}. Fewer tokens at a time need "
        "less: raise `accumulate` or lower `block` in the recipe.",
    )


def main() -> None:
    print(f"{'base':18} {'hub':42} {'licence':26} " + " ".join(f"{m:>6}" for m in Method))
    for base in read_bases().values():
        needs = " ".join(f"{base.memory_gib(method):6.1f}" for method in Method)
        hub = base.hub + (" (token)" if base.token else "")
        print(f"{base.name:18} {hub:42} {base.licence:26} {needs}")
    print(
        f"GiB needed, estimated, for {_TOKENS} tokens at a time. Free here: {free_memory_gib():.1f}"
    )


if __name__ == "__main__":
    main()
