"""The base model's making, in the ml environment."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from llm_server.training.base import (  # noqa: E402
    build_model,
    packed,
    tokens_of,
    train_phase,
    try_out,
)
from llm_server.training.grading import unseen_pairs  # noqa: E402
from llm_server.training.recipe import read_recipe  # noqa: E402
from llm_server.training.tokenizer import tokens_a_character, train_tokenizer  # noqa: E402

RECIPE = read_recipe("base")
PHASE = {
    "name": "tiny",
    "copying": True,
    "block": 32,
    "seed": 1,
    "training": {**RECIPE["phases"][0]["training"], "steps": 20, "batch_size": 2},
}
SMALL = {**RECIPE["model"], "hidden_size": 32, "intermediate_size": 32, "layers": 1, "heads": 2}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    torch.set_num_threads(1)
    return train_tokenizer({**RECIPE["tokenizer"], "documents": 3000})


def test_the_recipe_s_model_is_of_the_size_that_it_says(tokenizer: Any) -> None:
    parameters = sum(p.numel() for p in build_model(RECIPE["model"], tokenizer).parameters())
    assert 6e6 < parameters < 9e6


def test_advices_take_few_tokens(tokenizer: Any) -> None:
    replies = [pair.reply for pair in unseen_pairs(30)]
    assert tokens_a_character(tokenizer, replies) < 0.42


def test_whoever_goes_on_meets_what_would_have_come(tokenizer: Any) -> None:
    shape: dict[str, Any] = {"seed": 3, "block": 32, "batch_size": 2, "copying": True}
    whole = list(islice(packed(tokenizer, **shape), 5))
    rest = list(islice(packed(tokenizer, **shape, step=3), 2))
    assert [b["input_ids"].tolist() for b in whole[3:]] == [b["input_ids"].tolist() for b in rest]
    assert whole[0]["input_ids"].shape == (2, 32)
    assert len({str(batch["input_ids"].tolist()) for batch in whole}) == 5


def test_a_phase_learns_and_leaves_its_curve(tokenizer: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model(SMALL, tokenizer)
    train_phase(model, tokenizer, PHASE, tmp_path)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "checkpoint.pt").exists()


def test_a_trial_tells_the_hours_and_keeps_nothing(
    tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert try_out(build_model(SMALL, tokenizer), tokenizer, [PHASE], 2) > 0
    assert not list(tmp_path.iterdir())
    assert tokens_of(PHASE) == 20 * 2 * 32
