"""Tokenizer, base and the shipped adapter, in the ml environment."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from itertools import islice  # noqa: E402

from transformers import AutoTokenizer  # noqa: E402

from llm_server.card import AdvisorCard  # noqa: E402
from llm_server.merge import WEIGHTS, load_adapted  # noqa: E402
from llm_server.training.base import build_model, packed  # noqa: E402
from llm_server.training.generation import write_replies  # noqa: E402
from llm_server.training.grading import grade_replies, unseen_pairs  # noqa: E402
from llm_server.training.loop import fit  # noqa: E402
from llm_server.training.recipe import TrainingRecipe  # noqa: E402
from llm_server.training.tokenizer import train_tokenizer  # noqa: E402

TINY = {
    "hidden_size": 128,
    "intermediate_size": 128,
    "layers": 1,
    "heads": 2,
    "key_value_heads": 1,
    "context": 512,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(WEIGHTS / "base")


def tiny_model(tokenizer: Any) -> Any:
    torch.manual_seed(0)
    return build_model(TINY, tokenizer)


def loss_of(model: Any, batch: Any) -> float:
    with torch.inference_mode():
        return float(model(**batch).loss)


def recipe(steps: int) -> TrainingRecipe:
    return TrainingRecipe(
        steps=steps,
        batch_size=4,
        learning_rate=3e-3,
        warmup_steps=1,
        weight_decay=0.0,
        checkpoint_every=4,
    )


def test_a_trained_tokenizer_round_trips_any_text() -> None:
    trained = train_tokenizer({"vocabulary": 600, "documents": 200, "seed": 1})
    for text in ("미온수로 머리를 감아 주세요.", "뷁 𠮷 emoji 🙂\n\t  두 칸", "[요약] 100%"):
        assert trained.decode(trained.encode(text)) == text


def test_the_shipped_tokenizer_round_trips_advice(tokenizer: Any) -> None:
    for pair in unseen_pairs(20):
        assert tokenizer.decode(tokenizer.encode(pair.reply)) == pair.reply


def test_chat_template_lays_out_the_prompt(tokenizer: Any) -> None:
    pair = unseen_pairs(1)[0]
    system, user = (message["content"] for message in pair.messages)
    text = tokenizer.apply_chat_template(pair.messages, add_generation_prompt=True, tokenize=False)
    assert text == f"<|system|>{system}<|end|><|user|>{user}<|end|><|assistant|>"


def test_training_learns_and_resumes(tokenizer: Any, tmp_path: Path) -> None:
    def batches(step: int) -> Any:
        return packed(tokenizer, seed=1 + step, block=64, batch_size=4)

    batch = next(batches(0))
    model = tiny_model(tokenizer)
    before = loss_of(model, batch)
    fit(model, batches, recipe(8), tmp_path)
    after = loss_of(model, batch)
    assert after < before
    again = tiny_model(tokenizer)
    fit(again, batches, recipe(8), tmp_path)
    assert loss_of(again, batch) == pytest.approx(after, abs=1e-4)


def test_the_shipped_advisor_passes_on_unseen_cases(tokenizer: Any) -> None:
    torch.manual_seed(0)
    card = AdvisorCard.read(WEIGHTS)
    cases = unseen_pairs(16, seed=31, edition=card.rules)
    model, _ = load_adapted(WEIGHTS)
    asked = [p.prompted(card.prompt) for p in cases]
    replies = write_replies(model, tokenizer, asked, card.sampling)
    grades = grade_replies(cases, islice(replies, len(cases)))
    assert grades.pass_rate >= 0.85, grades.failures
