"""Merges the adapter into the base: ``python -m llm_server.merge``.

Reads ``llm_server/weights`` (or ``--weights``: a folder with ``base/``, ``adapter/`` and
``advisor.json``) and builds ``<out>/<version>/``, which vLLM serves. The merged model must give the
adapter's own logits. The folder appears at once and whole; where it is there already, nothing is
done.
"""

import argparse
import hashlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from llm_server.card import CARD_FILE, AdvisorCard

WEIGHTS: Final = Path(__file__).with_name("weights")
DEFAULT_OUT: Final = Path("var/models/advisor")
TOLERANCE: Final = 1e-3
PROBE: Final = "두피 상태를 살펴보니 비듬은 경증으로 확인돼요. 미온수로 머리를 감아 주세요."


class MergeFailed(Exception):
    """The merged model does not do what the adapter does."""


def merge(weights: Path, out: Path, dtype: torch.dtype = torch.float32) -> Path:
    """The folder of the merged version; built unless it stands already."""
    card = replace(AdvisorCard.read(weights), source=_digest(weights, dtype))
    target = out / card.version
    if _stands(target, card):
        return target
    draft = out / f".{card.version}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    tokenizer = AutoTokenizer.from_pretrained(weights / "base")
    merged = merged_model(weights, tokenizer)
    merged.generation_config = _generation_config(card, tokenizer)
    merged.to(dtype).save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    card.write(draft)
    _put(draft, target)
    return target


def merged_model(weights: Path, tokenizer: Any) -> Any:
    """Base and adapter as one float32 model, proved equal. Raises ``MergeFailed``."""
    base = AutoModelForCausalLM.from_pretrained(weights / "base", dtype=torch.float32)
    adapted = PeftModel.from_pretrained(base, weights / "adapter").eval()
    probe = tokenizer(PROBE, return_tensors="pt")
    with torch.inference_mode():
        before = adapted(**probe).logits
    merged: Any = adapted.merge_and_unload(safe_merge=True)
    with torch.inference_mode():
        gap = float((merged(**probe).logits - before).abs().max())
    if not gap <= TOLERANCE:
        raise MergeFailed(f"merged logits differ from the adapter's by {gap:.2e}")
    return merged


def _generation_config(card: AdvisorCard, tokenizer: Any) -> GenerationConfig:
    """What a server samples with where a request does not say."""
    sampling = card.sampling
    return GenerationConfig(
        do_sample=sampling.temperature > 0,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        repetition_penalty=sampling.repetition_penalty,
        max_new_tokens=sampling.max_tokens,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _digest(weights: Path, dtype: torch.dtype) -> str:
    digest = hashlib.sha256(str(dtype).encode())
    kinds = (".safetensors", ".json", ".jinja")
    for path in sorted(p for p in weights.rglob("*") if p.suffix in kinds):
        digest.update(path.relative_to(weights).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _stands(target: Path, card: AdvisorCard) -> bool:
    return (target / CARD_FILE).exists() and AdvisorCard.read(target) == card


def _put(draft: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()
    try:
        target = merge(options.weights, options.out, getattr(torch, options.dtype))
    except (MergeFailed, OSError) as error:
        sys.exit(f"The advisor could not be merged: {error}")
    print(target)


if __name__ == "__main__":
    main()
