"""Prompts masked, ends learnt, and pairs of one row kept apart."""

from itertools import islice
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from llm_server.training.packing import (  # noqa: E402
    IGNORED,
    Encoded,
    batches,
    encode,
    laid_out,
    packed_rows,
    steps_in,
)
from llm_server.training.pairs import pairs  # noqa: E402
from tests.llm_server.tiny import own_tokenizer, tiny_model  # noqa: E402

BLOCK = 1024


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return own_tokenizer()


@pytest.fixture(scope="module")
def encoded(tokenizer: Any) -> list[Encoded]:
    return [encode(pair, tokenizer) for pair in islice(pairs(3), 6)]


def learnt(encoded: Encoded) -> list[int]:
    return [label for label in encoded.labels if label != IGNORED]


def test_only_the_reply_and_its_end_are_learnt(tokenizer: Any) -> None:
    pair = next(pairs(3))
    found = encode(pair, tokenizer)
    assert tokenizer.decode(learnt(found)) == pair.reply + "<|end|>"
    prompt = tokenizer.decode(found.ids[: found.prompt])
    assert prompt.endswith("<|assistant|>")
    assert pair.messages[-1]["content"] in prompt


def test_every_pair_is_in_one_row_and_rows_are_full(encoded: list[Encoded]) -> None:
    rows = packed_rows(encoded * 5, BLOCK)
    assert sorted(len(pair.ids) for row in rows for pair in row) == sorted(
        len(pair.ids) for pair in encoded * 5
    )
    assert all(sum(len(pair.ids) for pair in row) <= BLOCK for row in rows)
    assert len(rows) < len(encoded) * 5
    with pytest.raises(ValueError, match="does not fit"):
        packed_rows(encoded, 16)


@pytest.mark.parametrize(
    "architecture", ["LlamaForCausalLM", "Qwen3ForCausalLM", "GPTNeoXForCausalLM"]
)
def test_pairs_of_one_row_do_not_see_each_other(
    tokenizer: Any, encoded: list[Encoded], architecture: str
) -> None:
    """The logits of a reply are the same in a row with others as alone."""
    model = tiny_model(architecture, len(tokenizer)).eval()
    row = encoded[:2]
    packed = laid_out([row, [encoded[2]]], tokenizer.pad_token_id)
    with torch.inference_mode():
        together = model(**packed).logits
        alone = [model(input_ids=torch.tensor([pair.ids])).logits[0] for pair in row]
    first = len(row[0].ids)
    second = first + len(row[1].ids)
    assert torch.allclose(together[0, :first], alone[0], atol=1e-4)
    assert torch.allclose(together[0, first:second], alone[1], atol=1e-4)
    assert not torch.isnan(together).any()


def test_batches_go_on_from_any_step_as_if_never_left(encoded: list[Encoded]) -> None:
    rows = packed_rows(encoded * 4, 600)
    told: Any = {"batch_size": 2, "seed": 7, "pad": 0}
    whole = list(islice(batches(rows, step=0, **told), 20))
    rest = list(islice(batches(rows, step=7, **told), 13))
    assert len(rows) // 2 < 20  # beyond an epoch's end
    for one, other in zip(whole[7:], rest, strict=True):
        assert torch.equal(one["input_ids"], other["input_ids"])
    firsts = [batch["input_ids"].tolist() for batch in whole[: len(rows) // 2]]
    seconds = [batch["input_ids"].tolist() for batch in whole[len(rows) // 2 :]]
    assert firsts != seconds[: len(firsts)]


def test_steps_of_some_epochs() -> None:
    assert steps_in(50, batch_size=1, epochs=3) == 150
    assert steps_in(10, batch_size=4, epochs=2) == 4
    assert steps_in(1, batch_size=4, epochs=1) == 1
