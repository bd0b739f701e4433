"""Merging: the adapter's own logits, in every type; once; and looked at again afterwards."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

from llm_server import merge as merging  # noqa: E402
from llm_server.card import AdvisorCard, Sampling  # noqa: E402
from llm_server.merge import REPORT_FILE, MergeFailed, load_adapted, merge  # noqa: E402
from llm_server.training.lora import adapted  # noqa: E402
from tests.llm_server.tiny import LORA, own_tokenizer, tiny_model  # noqa: E402

SAMPLING = Sampling(temperature=0.4, top_p=0.7, repetition_penalty=1.05, max_tokens=24)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A base and an adapter that does something."""
    folder, tokenizer = tmp_path / "weights", own_tokenizer()
    model = tiny_model("LlamaForCausalLM", len(tokenizer))
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    changing = adapted(model, LORA)
    for name, parameter in changing.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    changing.save_pretrained(folder / "adapter")
    AdvisorCard("5", sampling=SAMPLING).write(folder)
    return folder


def report_of(target: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((target / REPORT_FILE).read_text())
    return found


def test_a_merge_keeps_the_logits_and_is_done_once(weights: Path, tmp_path: Path) -> None:
    target = merge(weights, tmp_path / "out")
    assert target == tmp_path / "out" / "5"
    stamp = (target / "model.safetensors").stat().st_mtime_ns
    assert merge(weights, tmp_path / "out") == target
    assert (target / "model.safetensors").stat().st_mtime_ns == stamp
    ids = AutoTokenizer.from_pretrained(target)("두피를 살펴 주세요.", return_tensors="pt")
    base = AutoModelForCausalLM.from_pretrained(weights / "base")
    adapting = PeftModel.from_pretrained(base, weights / "adapter").eval()
    with torch.inference_mode():
        before = adapting(**ids).logits
        merged = AutoModelForCausalLM.from_pretrained(target).eval()(**ids).logits
        with adapting.disable_adapter():
            bare = adapting(**ids).logits
    assert torch.allclose(before, merged, atol=1e-4)
    assert not torch.allclose(bare, merged, atol=1e-2)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["5"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_type_has_its_parity_on_record(weights: Path, tmp_path: Path, dtype: Any) -> None:
    target = merge(weights, tmp_path / "out", dtype)
    found = report_of(target)
    assert found["dtype"] == str(dtype)
    assert found["logit_gap"] <= merging.TOLERANCE[dtype]
    assert found["same_choice"] >= (1.0 if dtype is torch.float32 else 0.9)
    kept = AutoModelForCausalLM.from_pretrained(target, dtype="auto")
    assert next(kept.parameters()).dtype == dtype


def test_sampling_goes_with_the_version(weights: Path, tmp_path: Path) -> None:
    target = merge(weights, tmp_path / "out")
    assert AdvisorCard.read(target).sampling == SAMPLING
    served = json.loads((target / "generation_config.json").read_text())
    assert served["temperature"] == SAMPLING.temperature
    assert served["top_p"] == SAMPLING.top_p
    assert served["repetition_penalty"] == SAMPLING.repetition_penalty
    assert served["max_new_tokens"] == SAMPLING.max_tokens


def test_changed_weights_are_merged_again(weights: Path, tmp_path: Path) -> None:
    first = AdvisorCard.read(merge(weights, tmp_path / "out")).source
    shutil.copy(weights / "advisor.json", weights / "extra.json")
    assert AdvisorCard.read(merge(weights, tmp_path / "out")).source != first


def test_a_merge_that_changes_the_model_is_refused(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(merging.TOLERANCE, torch.float32, -1.0)
    with pytest.raises(MergeFailed, match="differ"):
        merge(weights, tmp_path / "out")
    assert not (tmp_path / "out" / "5").exists()


def test_what_was_merged_is_looked_at_again(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = report_of(merge(weights, tmp_path / "out", evaluate=2))
    assert (found["cases"], found["adapter_pass_rate"], found["merged_pass_rate"]) == (2, 0, 0)
    rates = iter([1.0, 0.5])
    monkeypatch.setattr(merging, "_pass_rate", lambda *_: next(rates))
    with pytest.raises(MergeFailed, match="50"):
        merge(weights, tmp_path / "again", evaluate=2)
    assert not (tmp_path / "again" / "5").exists()


def test_the_shipped_adapter_merges_alike(tmp_path: Path) -> None:
    """The weights that ship: nothing is lost in the merge."""
    model, tokenizer = load_adapted(merging.WEIGHTS)
    card = AdvisorCard.read(merging.WEIGHTS)
    _, report = merging.merged_and_compared(model, tokenizer, torch.float32, card)
    assert report.same_choice == 1.0
