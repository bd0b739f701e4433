"""The published ensemble in a real Triton: whole answers, parts of them, and batches."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient

from api.local_stack.paths import MODEL_REPOSITORY
from dupi.knowledge.vocabulary import Condition, Severity
from dupi.vision import contract
from tests.support.models import newest_version
from tests.support.stack import RunningStack

pytestmark = pytest.mark.stack

PHOTOS = Path(__file__).parents[2] / "frontend-contract" / "examples" / "photos"
SIZE = contract.INPUT_SIZE
RECORDS: list[dict[str, Any]] = json.loads((PHOTOS / "photos.json").read_text(encoding="utf-8"))


def photo(name: str) -> np.ndarray:
    with Image.open(PHOTOS / name) as image:
        return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


@pytest.fixture
async def triton(stack: RunningStack) -> AsyncIterator[InferenceServerClient]:
    client = InferenceServerClient(stack.triton_url)
    yield client
    await client.close()


async def ask(
    client: InferenceServerClient, photos: np.ndarray, *wanted: str
) -> dict[str, np.ndarray]:
    image = InferInput(contract.IMAGE, list(photos.shape), "UINT8").set_data_from_numpy(photos)
    outputs = [InferRequestedOutput(name) for name in wanted] or None
    result = await client.infer(contract.ENSEMBLE, [image], outputs=outputs, client_timeout=60)
    names = [output.name for output in result.get_response().outputs]
    return {name: result.as_numpy(name) for name in names}


async def test_everything_that_the_contract_names_comes_back(
    triton: InferenceServerClient,
) -> None:
    photos = np.stack([photo(record["file"]) for record in RECORDS])
    answer = await ask(triton, photos)
    side = SIZE // contract.FEATURE_STRIDE
    count = len(photos)
    for condition in Condition:
        graded = answer.pop(contract.probabilities_output(condition))
        assert np.allclose(graded.sum(axis=1), 1, atol=1e-4)
        expected = [Severity[record["grades"][condition]] for record in RECORDS]
        assert graded.argmax(axis=1).tolist() == expected
        attention = answer.pop(contract.attention_output(condition))
        assert attention.shape == (count, side, side)
        assert 0 <= attention.min() <= attention.max() <= 1
        assert (answer.pop(contract.version_output(condition)) >= 1).all()
    assert answer.pop(contract.IN_DOMAIN_SCORE).shape == (count, 1)
    features = answer.pop(contract.FEATURES)
    assert features.shape == (count, contract.FEATURE_CHANNELS, side, side)
    newest = {name: newest_version(MODEL_REPOSITORY, name) for name in contract.COMPONENTS}
    assert answer.pop(contract.TRUNK_VERSION).tolist() == [[newest[contract.TRUNK]]] * count
    assert answer.pop(contract.DOMAIN_VERSION).tolist() == [[newest[contract.DOMAIN_HEAD]]] * count
    assert not answer


@pytest.mark.parametrize(
    "wanted",
    [
        (contract.FEATURES,),
        (contract.IN_DOMAIN_SCORE,),
        (contract.probabilities_output(Condition.DANDRUFF), contract.TRUNK_VERSION),
        (contract.attention_output(Condition.HAIR_LOSS), contract.FEATURES),
    ],
)
async def test_parts_of_the_answer_can_be_asked_for(
    triton: InferenceServerClient, wanted: tuple[str, ...]
) -> None:
    answer = await ask(triton, photo("crown.jpg")[None], *wanted)
    assert set(answer) == set(wanted)


async def test_a_photo_is_graded_alone_as_among_others(triton: InferenceServerClient) -> None:
    output = contract.probabilities_output(Condition.EXCESS_SEBUM)
    one, other = photo("crown.jpg"), photo("clean.jpg")
    alone = (await ask(triton, one[None], output))[output]
    among = (await ask(triton, np.stack([other, one, other]), output))[output]
    assert np.allclose(alone[0], among[1], atol=1e-4)
