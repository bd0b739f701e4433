import pytest
import torch

from dupi.vision import contract
from export.network import Head, ordinal_loss, probabilities
from export.wrap import ServedDomain, ServedHead

pytestmark = pytest.mark.ml

_SEED = torch.Generator().manual_seed(1)
FEATURES = torch.randn(5, contract.FEATURE_CHANNELS, 4, 4, generator=_SEED)


def test_probabilities_sum_to_one_and_none_is_negative() -> None:
    graded = probabilities(torch.randn(50, 6, 3) * 5)
    assert graded.shape == (50, 6, 4)
    assert torch.allclose(graded.sum(dim=-1), torch.ones(50, 6), atol=1e-6)
    assert bool((graded >= 0).all())


def test_certain_logits_give_their_grade() -> None:
    logits = torch.tensor([[-9.0, 0, 0], [9, -9, 0], [9, 9, -9], [9, 9, 9]])
    assert probabilities(logits).argmax(dim=-1).tolist() == [0, 1, 2, 3]


def test_the_loss_is_least_for_the_right_grade() -> None:
    grades = torch.tensor([[0], [1], [2], [3]])
    right = torch.tensor([[[-9.0, 0, 0]], [[9, -9, 0]], [[9, 9, -9]], [[9, 9, 9]]])
    assert ordinal_loss(right, grades) < 0.01 < ordinal_loss(-right, grades)


def test_a_photo_without_grade_teaches_nothing() -> None:
    logits = torch.randn(2, 6, 3, requires_grad=True)
    ordinal_loss(logits, torch.full((2, 6), -1)).backward()
    assert logits.grad is not None
    assert not logits.grad.any()


@torch.inference_mode()
def test_a_served_head_answers_as_the_contract_says() -> None:
    graded, attention, version = ServedHead(Head(3), 7, 1.5).eval()(FEATURES)
    assert graded.shape == (5, 4)
    assert attention.shape == (5, 4, 4)
    assert 0 <= float(attention.min()) <= float(attention.max()) <= 1
    assert version.dtype == torch.int64
    assert version.tolist() == [[7]] * 5


@torch.inference_mode()
def test_a_warmer_head_is_less_certain() -> None:
    head = Head(3).eval()
    cool, warm = (ServedHead(head, 1, t).eval()(FEATURES)[0] for t in (0.5, 4.0))
    assert bool((warm.max(dim=1).values <= cool.max(dim=1).values + 0.3).all())
    assert float(warm.std()) < float(cool.std())


@torch.inference_mode()
def test_the_served_domain_head_gives_a_chance() -> None:
    score, version = ServedDomain(Head(1), 2, 1.0).eval()(FEATURES)
    assert score.shape == version.shape == (5, 1)
    assert 0 <= float(score.min()) <= float(score.max()) <= 1
