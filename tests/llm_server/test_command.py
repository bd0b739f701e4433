"""vLLM's command line and environment, without vLLM."""

import os
from pathlib import Path

import pytest

from llm_server.card import CARD_FILE, AdvisorCard, Sampling
from llm_server.serve.command import (
    ServeOptions,
    best_dtype,
    command,
    environment,
    has_gpu,
    read_cpu_flags,
)


def options(folder: Path) -> ServeOptions:
    AdvisorCard("7").write(folder)
    return ServeOptions(model_dir=folder, host="127.0.0.1", port=4321)


def test_command_names_the_card_s_model(tmp_path: Path) -> None:
    line = " ".join(command(options(tmp_path), dtype="float32"))
    assert "vllm.entrypoints.openai.api_server" in line
    for part in ("--served-model-name dupi-advisor", "--port 4321", "--dtype float32"):
        assert part in line
    assert "--max-num-queued-reqs" in line
    assert "--enable-prefix-caching" in line
    assert "dupi-advisor dupi-advisor:7 dupi-advisor:prompt-1 dupi-advisor:rules-1" in line
    assert "--shutdown-timeout 30" in line


def test_on_a_cpu_nothing_waits_for_a_process_of_its_own(tmp_path: Path) -> None:
    line = " ".join(command(options(tmp_path), dtype="float32"))
    assert "--distributed-executor-backend uni" in line
    env = environment({}, has_gpu=False)
    assert env["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    assert int(env["OMP_NUM_THREADS"]) == len(os.sched_getaffinity(0))
    assert environment({"OMP_NUM_THREADS": "1"}, has_gpu=False)["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in environment({}, has_gpu=True)


@pytest.mark.parametrize("version", ["prompt-2", "rules-1", "", "a b", "../1"])
def test_a_version_that_would_be_taken_for_something_else_is_refused(
    tmp_path: Path, version: str
) -> None:
    with pytest.raises(ValueError, match="version"):
        AdvisorCard(version).write(tmp_path)
    assert not list(tmp_path.iterdir())
    AdvisorCard("7").write(tmp_path)
    card = tmp_path / CARD_FILE
    card.write_text(card.read_text().replace('"7"', f'"{version}"'))
    with pytest.raises(ValueError, match="version"):
        command(ServeOptions(tmp_path, "127.0.0.1", 4321), dtype="float32")


def test_the_key_goes_by_the_environment(tmp_path: Path) -> None:
    given = {"DUPI_ADVISOR_API_KEY": "a-key", "HOME": "/home/someone"}
    env = environment(given, has_gpu=False)
    assert env["VLLM_API_KEY"] == "a-key"
    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["HOME"] == "/home/someone"
    assert "a-key" not in " ".join(command(options(tmp_path), dtype="float32"))
    assert "VLLM_API_KEY" not in environment({}, has_gpu=False)
    assert "VLLM_CPU_KVCACHE_SPACE" not in environment({}, has_gpu=True)


@pytest.mark.parametrize(
    ("gpu", "flags", "dtype"),
    [
        (True, "avx2", "auto"),
        (False, "avx2", "float32"),
        (False, "avx2 avx512_bf16", "bfloat16"),
        (False, "amx_bf16", "bfloat16"),
        (False, "", "float32"),
    ],
)
def test_dtype_fits_the_machine(gpu: bool, flags: str, dtype: str) -> None:
    assert best_dtype(has_gpu=gpu, cpu_flags=frozenset(flags.split())) == dtype


def test_cpu_flags(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu avx2\n\nprocessor : 1\n")
    assert read_cpu_flags(cpuinfo) == {"fpu", "avx2"}
    assert read_cpu_flags(tmp_path / "absent") == frozenset()


def test_gpu_is_known_by_its_device(tmp_path: Path) -> None:
    assert not has_gpu(tmp_path)
    (tmp_path / "nvidiactl").touch()
    assert has_gpu(tmp_path)


def test_card_round_trip(tmp_path: Path) -> None:
    card = AdvisorCard("3", sampling=Sampling(temperature=0.1), source="abc")
    card.write(tmp_path)
    assert AdvisorCard.read(tmp_path) == card
