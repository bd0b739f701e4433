"""After other tests have stopped Triton and started it again: the deployment came back."""

import numpy as np
import pytest

from dupi.adapters.triton_fleet import open_fleet
from dupi.vision import contract as names
from tests.support.models import operator_command
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.last(3)]

PHOTO = np.zeros((names.INPUT_SIZE, names.INPUT_SIZE, 3), dtype=np.uint8)


async def test_triton_answers_by_the_versions_that_were_promoted(stack: RunningStack) -> None:
    [live] = operator_command(stack.environment, "status")["deployments"]
    async with open_fleet((stack.triton_url,), control_timeout=5, load_timeout=60) as (fleet, _):
        said = await fleet.classify(PHOTO, timeout=60)
    assert said.versions == {model: int(version) for model, version in live["versions"].items()}
