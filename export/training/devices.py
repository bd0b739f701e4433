"""Where a run computes, and in which precision."""

import contextlib
from contextlib import AbstractContextManager

import torch

from export.recipe import Recipe

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


def open_device(recipe: Recipe) -> torch.device:
    """``auto``: the GPU where there is one. Sets the number of threads, where the recipe does."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    if recipe.device != "auto":
        return torch.device(recipe.device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def precision_on(device: torch.device, wanted: str) -> str:
    """``auto``: bf16 where the hardware multiplies it, else fp16 on a GPU and fp32 on a CPU.

    fp16 on a CPU raises ``ValueError``: its gradients would need scaling that only GPUs have.
    """
    if device.type == "cuda":
        fast = "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    else:
        fast = "bf16" if _cpu_multiplies_bf16() else "fp32"
        if wanted == "fp16":
            raise ValueError("fp16 is for GPUs; take bf16 or fp32 on a CPU")
    return fast if wanted == "auto" else wanted


def _cpu_multiplies_bf16() -> bool:
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=_AUTOCAST[precision])
