"""Answers of a network in training, as judging takes them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from export.data.items import Item, Packed
from export.judging.answers import judge_network, kind_of
from export.judging.metrics import mean_qwk
from export.network import CORN, SOFTMAX, ScalpNetwork, probabilities

pytestmark = pytest.mark.ml


def some_photos() -> Packed:
    rng = np.random.default_rng(1)
    grades = np.tile(np.arange(-1, 4)[:, None], (1, 6))
    sessions = np.array(list("aabbc"))
    return Packed(rng.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8), grades, sessions)


@pytest.mark.parametrize("link", [CORN, SOFTMAX])
@torch.inference_mode()
def test_a_network_is_judged_by_its_own_probabilities(link: str) -> None:
    torch.manual_seed(1)
    network, packed = ScalpNetwork(link=link).eval(), some_photos()
    judged = judge_network(network, packed)
    logits, domain = network(torch.from_numpy(packed.photos))
    wanted = probabilities(logits, link).numpy()
    assert np.allclose(judged.probabilities, wanted, atol=1e-5)
    assert np.allclose(judged.probabilities.sum(axis=2), 1, atol=1e-5)
    assert np.allclose(judged.domain, torch.sigmoid(domain).numpy(), atol=1e-5)
    assert judged.kinds.tolist() == ["stranger", *["scalp"] * 4]
    assert judged.scalps.groups.tolist() == list("abbc")
    assert -1 <= mean_qwk(judged) <= 1


def test_strangers_are_of_the_kind_of_their_folder() -> None:
    def item(path: str, grades: tuple[int, ...] = ()) -> Item:
        return Item(Path(path), "g", "d", grades, "0")

    assert kind_of(item("set/strangers/fur/1.jpg")) == "fur"
    assert kind_of(item("set/strangers/1.jpg")) == "of mixed kinds"
    assert kind_of(item("set/photos/1.jpg", (0,) * 6)) == "scalp"
