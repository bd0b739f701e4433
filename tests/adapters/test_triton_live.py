"""Triton's client against the real server and the published models."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient

from dupi.adapters.triton import Classification, RequestRefused, TritonClient, open_triton
from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract as names
from tests.support.patience import HANGS_AFTER_S
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

SHAPE = (names.INPUT_SIZE, names.INPUT_SIZE, 3)
NOISE = np.random.default_rng(1).integers(0, 255, SHAPE).astype(np.uint8)


@pytest.fixture
async def triton(stack: RunningStack) -> AsyncIterator[TritonClient]:
    async with open_triton(stack.triton_url, control_timeout=5, load_timeout=60) as client:
        yield client


async def test_every_head_answers_with_its_version(triton: TritonClient) -> None:
    said = await triton.classify(NOISE, timeout=20)
    pinned = await triton.pinned_versions(names.ENSEMBLE)
    assert list(said.gradings) == list(Condition)
    for condition, grading in said.gradings.items():
        assert sum(grading.probabilities) == pytest.approx(1, abs=1e-3)
        assert grading.version == str(pinned[names.head_name(condition)])
        assert grading.attention.min() >= 0
        assert grading.attention.max() <= 1
    assert said.trunk_version == str(pinned[names.TRUNK])
    assert said.domain_version == str(pinned[names.DOMAIN_HEAD])
    assert 0 <= said.in_domain_score <= 1


@pytest.mark.parametrize(
    "wanted",
    [
        (names.IN_DOMAIN_SCORE,),
        (names.FEATURES, names.TRUNK_VERSION),
        (names.probabilities_output(Condition.HAIR_LOSS),),
        (names.FEATURES, names.attention_output(Condition.DANDRUFF)),
    ],
)
async def test_any_part_of_the_outputs_can_be_asked_for(
    stack: RunningStack, wanted: tuple[str, ...]
) -> None:
    """A tensor that were both a step's input and an output would fail what leaves it out."""
    image = InferInput(names.IMAGE, [1, *SHAPE], "UINT8")
    image.set_data_from_numpy(NOISE[np.newaxis])
    async with InferenceServerClient(stack.triton_url) as client:
        answer = await client.infer(
            names.ENSEMBLE,
            [image],
            outputs=[InferRequestedOutput(name) for name in wanted],
            client_timeout=20,
        )
    assert {output.name for output in answer.get_response().outputs} == set(wanted)


async def test_another_shape_is_refused_for_good(triton: TritonClient) -> None:
    with pytest.raises(RequestRefused):
        await triton.classify(NOISE[:10], timeout=20)


@pytest.mark.usefixtures("left_at_rest")
async def test_impatient_callers_do_not_harm_the_server(triton: TritonClient) -> None:
    hasty = [triton.classify(NOISE, timeout=0.002) for _ in range(40)]
    failures = await asyncio.gather(*hasty, return_exceptions=True)
    assert any(isinstance(failure, Unavailable) for failure in failures)
    async with asyncio.timeout(HANGS_AFTER_S):
        assert (await _patiently_classified(triton)).in_domain_score >= 0


async def _patiently_classified(triton: TritonClient) -> Classification:
    """On a slow machine, those before it may take longer than its queue lets it wait."""
    while True:
        try:
            return await triton.classify(NOISE, timeout=HANGS_AFTER_S)
        except Unavailable:
            await asyncio.sleep(0.5)
