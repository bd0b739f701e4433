"""Training learns, and a run that was cut off ends as if it had not been."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from llm_server.training import packing  # noqa: E402
from llm_server.training.grading import Grades  # noqa: E402
from llm_server.training.loop import CURVE, fit  # noqa: E402
from llm_server.training.lora import adapted  # noqa: E402
from llm_server.training.packing import Row, encode, packed_rows  # noqa: E402
from llm_server.training.pairs import pairs  # noqa: E402
from llm_server.training.watching import EarlyStop, Watch  # noqa: E402
from tests.llm_server.tiny import LORA, own_tokenizer, tiny_model, training  # noqa: E402

DROPPING = {**LORA, "dropout": 0.1}


class CutOff(Exception):
    pass


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return own_tokenizer()


@pytest.fixture(scope="module")
def rows(tokenizer: Any) -> list[Row]:
    return packed_rows([encode(pair, tokenizer) for pair in islice(pairs(5), 12)], 768)


def model(tokenizer: Any) -> Any:
    base = tiny_model("LlamaForCausalLM", len(tokenizer))
    torch.manual_seed(4)
    return adapted(base, DROPPING)


def run(
    trained: Any, rows: list[Row], folder: Path, *, cut_off_at: int = 0, steps: int = 8, **more: Any
) -> Any:
    """Train; die in the middle of a step, where asked for."""

    def source(step: int) -> Iterator[Any]:
        found = packing.batches(rows, batch_size=2, seed=1, step=step, pad=0)
        for number, batch in enumerate(found, start=step):
            if cut_off_at and number == cut_off_at:
                raise CutOff
            yield batch

    torch.manual_seed(9)
    fit(trained, source, training(steps, checkpoint_every=2, **more), folder)
    return trained


def weights(trained: Any) -> dict[str, Any]:
    return {name: p.detach() for name, p in trained.named_parameters() if p.requires_grad}


def test_a_run_that_was_cut_off_ends_with_the_same_bits(
    tokenizer: Any, rows: list[Row], tmp_path: Path
) -> None:
    whole = weights(run(model(tokenizer), rows, tmp_path / "whole"))
    with pytest.raises(CutOff):
        run(model(tokenizer), rows, tmp_path / "cut", cut_off_at=5)
    again = weights(run(model(tokenizer), rows, tmp_path / "cut"))
    assert whole
    assert all(torch.equal(again[name], whole[name]) for name in whole)
    curves = [(tmp_path / name / CURVE).read_text() for name in ("whole", "cut")]
    assert curves[0] == curves[1]


def test_only_the_adapter_learns_and_it_does(
    tokenizer: Any, rows: list[Row], tmp_path: Path
) -> None:
    trained = model(tokenizer)
    frozen = {n: p.clone() for n, p in trained.named_parameters() if not p.requires_grad}
    batch = next(packing.batches(rows, batch_size=2, seed=1, step=0, pad=0))

    def loss() -> float:
        with torch.inference_mode():
            return float(trained.eval()(**batch).loss)

    before = loss()
    run(trained, rows, tmp_path, learning_rate=1e-2)
    assert loss() < before
    assert frozen
    assert all(torch.equal(p, frozen[n]) for n, p in trained.named_parameters() if n in frozen)


def test_a_batch_in_parts_is_the_same_step(tokenizer: Any, rows: list[Row], tmp_path: Path) -> None:
    still = {**LORA, "dropout": 0.0}
    found = []
    for parts in (1, 2):
        torch.manual_seed(4)
        trained = adapted(tiny_model("LlamaForCausalLM", len(tokenizer)), still)
        torch.manual_seed(4)
        for name, parameter in trained.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1)
        folder = tmp_path / str(parts)
        found.append(weights(run(trained, rows, folder, steps=1, accumulate=parts)))
    for name, parameter in found[0].items():
        assert torch.allclose(parameter, found[1][name], atol=1e-4), name


def test_the_checks_end_a_training_and_the_best_is_kept(
    tokenizer: Any, rows: list[Row], tmp_path: Path
) -> None:
    trained, rates = model(tokenizer), iter([0.2, 0.6, 0.5, 0.6, 0.4, 0.3, 1.0])
    kept: list[int] = []

    class Spy:
        def save_pretrained(self, folder: Path) -> None:
            kept.append(len(kept))

    def grade() -> Grades:
        return Grades(total=10, passed=round(10 * next(rates)))

    rule = EarlyStop(cases=10, after_steps=2, pass_rate=1.0, patience=2)
    watch = Watch(Spy(), grade, rule, tmp_path)
    fit(
        trained,
        lambda step: packing.batches(rows, batch_size=2, seed=1, step=step, pad=0),
        training(20, checkpoint_every=1),
        tmp_path,
        after_checkpoint=watch,
    )
    seen = {int(k): v for k, v in json.loads((tmp_path / "checks.json").read_text()).items()}
    assert seen == {1: 0.2, 2: 0.6, 3: 0.5, 4: 0.6, 5: 0.4, 6: 0.3}
    assert len(kept) == 3  # 0.2, 0.6, and 0.6 again
    fit(trained, lambda step: iter(()), training(20), tmp_path)  # what has ended stays so


def test_looking_changes_nothing_that_is_learnt(
    tokenizer: Any, rows: list[Row], tmp_path: Path
) -> None:
    def look(step: int) -> bool:
        torch.manual_seed(step)
        torch.rand(7)
        return False

    found = []
    for name, after in {"blind": lambda step: False, "looking": look}.items():
        trained = model(tokenizer)
        torch.manual_seed(9)
        fit(
            trained,
            lambda step: packing.batches(rows, batch_size=2, seed=1, step=step, pad=0),
            training(4, checkpoint_every=1),
            tmp_path / name,
            after_checkpoint=after,
        )
        found.append(weights(trained))
    assert all(torch.equal(p, found[1][name]) for name, p in found[0].items())
