"""Puts a trained base and adapter under ``llm_server/weights`` in half precision:
``python -m llm_server.training.ship --version 1``."""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_server.card import AdvisorCard
from llm_server.merge import WEIGHTS
from llm_server.training.recipe import RUNS


def ship(base: Path, adapter: Path, weights: Path, version: str) -> None:
    """``weights/base``, ``weights/adapter`` and the card."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float16)
    model.save_pretrained(weights / "base")
    AutoTokenizer.from_pretrained(base).save_pretrained(weights / "base")
    target = weights / "adapter"
    target.mkdir(parents=True, exist_ok=True)
    halves = {k: v.half() for k, v in load_file(adapter / "adapter_model.safetensors").items()}
    save_file(halves, target / "adapter_model.safetensors", metadata={"format": "pt"})
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    config["base_model_name_or_path"] = "llm_server/weights/base"
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (target / "adapter_config.json").write_text(text, "utf-8")
    AdvisorCard(version).write(weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    options = parser.parse_args()
    ship(RUNS / "base" / "model", RUNS / "lora" / "adapter", WEIGHTS, options.version)


if __name__ == "__main__":
    main()
