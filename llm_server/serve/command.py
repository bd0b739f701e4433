"""The command line and environment of vLLM's OpenAI-compatible server."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llm_server.card import AdvisorCard

FAST_BF16: Final = frozenset({"avx512_bf16", "amx_bf16"})
API_KEY: Final = "DUPI_ADVISOR_API_KEY"
_IN_ONE_PROCESS: Final = "uni"
"""As on one GPU anyway. On a CPU vLLM's engine would wait for a worker in a process of its own, and
spin while it does: on two cores that takes one of them from the worker. There vLLM keeps to this
only where ``VLLM_ENABLE_V1_MULTIPROCESSING`` is off, and leaves threads to whoever starts it."""


@dataclass(frozen=True)
class ServeOptions:
    """``max_streams`` advices are written at a time, ``max_waiting`` wait; more are refused."""

    model_dir: Path
    host: str
    port: int
    max_streams: int = 32
    max_waiting: int = 64
    context: int = 1024
    drain_seconds: int = 30
    tokens_a_chunk: int = 4
    """Sent together: a reader waits for sentences, and each chunk costs both sides."""


def command(options: ServeOptions, *, dtype: str) -> list[str]:
    """Arguments for ``os.execve`` of this environment's Python."""
    card = AdvisorCard.read(options.model_dir)
    flags = {
        "--model": str(options.model_dir),
        "--host": options.host,
        "--port": str(options.port),
        "--dtype": dtype,
        "--max-model-len": str(options.context),
        "--max-num-seqs": str(options.max_streams),
        "--max-num-queued-reqs": str(options.max_streams + options.max_waiting),
        "--shutdown-timeout": str(options.drain_seconds),
        "--stream-interval": str(options.tokens_a_chunk),
        "--distributed-executor-backend": _IN_ONE_PROCESS,
    }
    switches = ["--enforce-eager", "--enable-prefix-caching", "--disable-uvicorn-access-log"]
    module = ["-m", "vllm.entrypoints.openai.api_server"]
    names = ["--served-model-name", *card.served_names]
    pairs = (part for pair in flags.items() for part in pair)
    return [sys.executable, *module, *pairs, *names, *switches]


def environment(given: Mapping[str, str], *, has_gpu: bool) -> dict[str, str]:
    """The server's environment; what is given wins. The key is never on the command line."""
    ours = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
    }
    if not has_gpu:
        ours["VLLM_CPU_KVCACHE_SPACE"] = "1"
        ours["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        ours["OMP_NUM_THREADS"] = str(len(os.sched_getaffinity(0)))
    key = {"VLLM_API_KEY": given[API_KEY]} if given.get(API_KEY) else {}
    return {**ours, **given, **key}


def best_dtype(*, has_gpu: bool, cpu_flags: frozenset[str]) -> str:
    """bfloat16 only where the CPU multiplies it in hardware: elsewhere it is 300 times slower."""
    if has_gpu:
        return "auto"
    return "bfloat16" if cpu_flags & FAST_BF16 else "float32"


def read_cpu_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Flags of the first CPU; none where the file cannot be read."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())


def has_gpu(devices: Path = Path("/dev")) -> bool:
    """Whether this process can reach an NVIDIA GPU; does not import torch.

    The driver's entry in /proc shows in containers without a GPU too, its device does not.
    """
    return (devices / "nvidiactl").exists()
