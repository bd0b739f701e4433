"""Merges the adapter into the base: ``python -m llm_server.merge``.

Reads ``llm_server/weights`` (or ``--weights``: a folder with ``adapter/``, ``advisor.json`` and,
unless the card names a public base, ``base/``) and builds ``<out>/<version>/``, which vLLM serves.
The merged model must give the adapter's own logits; with ``--evaluate N`` both also write replies
to N unseen cases, and the merged one may not pass the checks less often. What was found is kept in
``merge.json``. The folder appears at once and whole; where it is there already, nothing is done.
"""

import argparse
import hashlib
import json
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, GenerationConfig

from llm_server.card import CARD_FILE, AdvisorCard, Sampling
from llm_server.training.bases import find_base
from llm_server.training.fetching import fetch
from llm_server.training.generation import write_replies
from llm_server.training.grading import grade_replies, unseen_pairs
from llm_server.training.loading import load_tokenizer
from llm_server.training.loop import device
from llm_server.training.packing import encode
from llm_server.training.refusals import CannotTrain

WEIGHTS: Final = Path(__file__).with_name("weights")
DEFAULT_OUT: Final = Path("var/models/advisor")
REPORT_FILE: Final = "merge.json"
TOLERANCE: Final = {torch.float32: 1e-3, torch.bfloat16: 0.5, torch.float16: 0.1}
"""By how much a logit may differ: what rounding merged weights to the type does to them."""
LOST: Final = 0.03
"""By how much the merged model may pass less often, over the same cases: greedy replies of the two
part where two words are as likely."""
_PROBES: Final = 4
_SEED: Final = 71


class MergeFailed(Exception):
    """The merged model does not do what the adapter does."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """``logit_gap``: the greatest difference between adapter and merged model over whole prompts
    with their replies; ``same_choice``: where both find the same token likeliest. Pass rates at
    the first try, over ``cases``; absent where they were not looked at."""

    dtype: str
    logit_gap: float
    same_choice: float
    cases: int = 0
    adapter_pass_rate: float | None = None
    merged_pass_rate: float | None = None


def merge(
    weights: Path, out: Path, dtype: torch.dtype = torch.float32, *, evaluate: int = 0
) -> Path:
    """The folder of the merged version; built unless it stands already.

    Raises MergeFailed, and CannotTrain where a public base cannot be had.
    """
    card = replace(AdvisorCard.read(weights), source=_digest(weights, dtype))
    target = out / card.version
    if _stands(target, card):
        return target
    draft = out / f".{card.version}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _build(weights, draft, card, dtype, evaluate)
    _put(draft, target)
    return target


def _build(
    weights: Path, draft: Path, card: AdvisorCard, dtype: torch.dtype, evaluate: int
) -> None:
    adapted, tokenizer = load_adapted(weights, dtype)
    before = _pass_rate(adapted, tokenizer, card, evaluate)
    merged, report = merged_and_compared(adapted, tokenizer, dtype, card)
    merged.generation_config = _generation_config(card.sampling, tokenizer)
    merged.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    card.write(draft)
    if evaluate:
        again = AutoModelForCausalLM.from_pretrained(draft, dtype=dtype)
        after = _pass_rate(again, tokenizer, card, evaluate)
        report = replace(report, cases=evaluate, adapter_pass_rate=before, merged_pass_rate=after)
        if after < before - LOST:
            raise MergeFailed(f"merged, {after:.1%} pass; before, {before:.1%} did")
    (draft / REPORT_FILE).write_text(json.dumps(asdict(report), indent=1) + "\n", "utf-8")


def load_adapted(weights: Path, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """The base with its adapter, and its tokenizer. Raises CannotTrain."""
    card = AdvisorCard.read(weights)
    setting = find_base(card.base) if card.base else None
    folder = fetch(setting) if setting else weights / "base"
    tokenizer = load_tokenizer(folder, setting)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    adapted: Any = PeftModel.from_pretrained(base, weights / "adapter")
    return adapted.to(device()).eval(), tokenizer


def merged_and_compared(
    adapted: Any, tokenizer: Any, dtype: torch.dtype, card: AdvisorCard
) -> tuple[Any, MergeReport]:
    """The merged model, proved equal. Raises ``MergeFailed``."""
    pairs = unseen_pairs(_PROBES, seed=_SEED, edition=card.rules)
    probes = [torch.tensor([encode(p, tokenizer, card.prompt).ids], device=device()) for p in pairs]
    before = _logits(adapted, probes)
    merged = adapted.merge_and_unload(safe_merge=True)
    after = _logits(merged, probes)
    gap = max(float((a - b).abs().max()) for a, b in zip(after, before, strict=True))
    same = torch.cat(
        [a.argmax(-1) == b.argmax(-1) for a, b in zip(after, before, strict=True)], dim=1
    )
    if not gap <= TOLERANCE[dtype]:
        raise MergeFailed(f"merged logits differ from the adapter's by {gap:.2e}")
    return merged, MergeReport(str(dtype), gap, float(same.float().mean()))


def _logits(model: Any, probes: list[Any]) -> list[Any]:
    with torch.inference_mode():
        return [model(input_ids=ids).logits.float() for ids in probes]


def _pass_rate(model: Any, tokenizer: Any, card: AdvisorCard, cases: int) -> float:
    """Greedy, so that nothing but the weights decides."""
    if not cases:
        return 0.0
    unseen = unseen_pairs(cases, seed=_SEED, edition=card.rules)
    greedy = replace(card.sampling, temperature=0.0)
    prompts = [pair.prompted(card.prompt) for pair in unseen]
    return grade_replies(unseen, write_replies(model, tokenizer, prompts, greedy)).pass_rate


def _generation_config(sampling: Sampling, tokenizer: Any) -> GenerationConfig:
    """What a server samples with: requests say nothing of it."""
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
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    parser.add_argument("--evaluate", type=int, default=0, metavar="N", help="cases to grade")
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype)
    try:
        target = merge(options.weights, options.out, dtype, evaluate=options.evaluate)
    except (MergeFailed, CannotTrain, OSError) as error:
        sys.exit(f"The advisor could not be merged: {error}")
    print(target)
    if (target / REPORT_FILE).exists():
        print((target / REPORT_FILE).read_text("utf-8"))


if __name__ == "__main__":
    main()
