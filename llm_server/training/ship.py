"""Puts a trained base and adapter under ``llm_server/weights`` in half precision:
``python -m llm_server.training.ship --version 2``.

A base of the project's own goes along; of a public one the card keeps the name, and the merge takes
it from the hub's cache.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_server.card import CARD_FILE, AdvisorCard, Sampling
from llm_server.merge import WEIGHTS
from llm_server.training.lora import ABOUT
from llm_server.training.recipe import RUNS
from llm_server.training.watching import ADAPTER


def ship(run: Path, weights: Path, version: str) -> None:
    """``weights/base`` where it is our own, ``weights/adapter``, and the card.

    Raises ValueError for a version that cannot be served, or that is there already; nothing is
    written then: weights never change under their number.
    """
    about = json.loads((run / ABOUT).read_text("utf-8"))
    card = _card(about, version)
    card.refuse_unservable()
    if (weights / CARD_FILE).exists() and AdvisorCard.read(weights).version == version:
        raise ValueError(f"version {version} is shipped already: take another number")
    if about["setting"] is None:
        _ship_base(Path(about["base"]), weights / "base")
    _ship_adapter(run / ADAPTER, weights / "adapter", about)
    card.write(weights)


def _card(about: dict[str, Any], version: str) -> AdvisorCard:
    return AdvisorCard(
        version,
        prompt=about["prompt"],
        rules=about["rules"],
        sampling=Sampling(**about["sampling"]),
        base=about["setting"],
    )


def _ship_base(base: Path, target: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float16)
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(base).save_pretrained(target)


def _ship_adapter(adapter: Path, target: Path, about: dict[str, Any]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    halves = {k: v.half() for k, v in load_file(adapter / "adapter_model.safetensors").items()}
    save_file(halves, target / "adapter_model.safetensors", metadata={"format": "pt"})
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    is_public = about["setting"] is not None
    config["base_model_name_or_path"] = about["base"] if is_public else "llm_server/weights/base"
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (target / "adapter_config.json").write_text(text, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--run", type=Path, default=RUNS / "lora")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    ship(options.run, options.weights, options.version)


if __name__ == "__main__":
    main()
