import pytest
import torch

from dupi.vision import contract
from export.network import CORAL, CORN, SOFTMAX, Head, probabilities, severity_head
from export.wrap import ServedDomain, ServedHead

pytestmark = pytest.mark.ml

_SEED = torch.Generator().manual_seed(1)
FEATURES = torch.randn(5, contract.FEATURE_CHANNELS, 4, 4, generator=_SEED)


LINKS = {CORN: 3, CORAL: 3, SOFTMAX: 4}


@pytest.mark.parametrize("link", LINKS)
def test_probabilities_sum_to_one_and_none_is_negative(link: str) -> None:
    graded = probabilities(torch.randn(50, 6, LINKS[link]) * 5, link)
    assert graded.shape == (50, 6, 4)
    assert torch.allclose(graded.sum(dim=-1), torch.ones(50, 6), atol=1e-6)
    assert bool((graded >= 0).all())


def test_certain_logits_give_their_grade() -> None:
    ranks = torch.tensor([[-9.0, -9, -9], [9, -9, -9], [9, 9, -9], [9, 9, 9]])
    for link, logits in ((CORN, ranks), (CORAL, ranks), (SOFTMAX, 9 * torch.eye(4))):
        assert probabilities(logits, link).argmax(dim=-1).tolist() == [0, 1, 2, 3]


def test_a_coral_head_has_one_score_and_a_threshold_a_rank() -> None:
    head = severity_head(CORAL).eval()
    logits = head(FEATURES)[0]
    between = logits[:, :-1] - logits[:, 1:]
    assert torch.allclose(between, between[:1].expand_as(between), atol=1e-5)
    assert bool((between > 0).all())


@torch.inference_mode()
def test_attention_of_a_softmax_head_ignores_what_all_grades_share() -> None:
    head = severity_head(SOFTMAX).eval()
    before = head(FEATURES)[1]
    head.weigh.weight += torch.randn(1, head.weigh.in_features)
    assert torch.allclose(head(FEATURES)[1], before, atol=1e-4)


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
    head.weigh.weight *= 20
    cool, warm = (ServedHead(head, 1, t).eval()(FEATURES)[0] for t in (0.5, 4.0))
    assert bool((warm.max(dim=1).values <= cool.max(dim=1).values + 0.3).all())
    assert float(warm.std()) < float(cool.std())


@torch.inference_mode()
def test_the_served_domain_head_gives_a_chance() -> None:
    score, version = ServedDomain(Head(1), 2, 1.0).eval()(FEATURES)
    assert score.shape == version.shape == (5, 1)
    assert 0 <= float(score.min()) <= float(score.max()) <= 1
