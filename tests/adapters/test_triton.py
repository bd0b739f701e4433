"""Triton's client where Triton is away. What it answers is tested on the running stack."""

from pathlib import Path

import numpy as np
import pytest

from dupi.adapters.triton import component_config, open_triton
from dupi.errors import Unavailable
from dupi.vision import contract as names

NOWHERE = "127.0.0.1:9"


async def test_a_server_that_is_away_is_unavailable() -> None:
    image = np.zeros((names.INPUT_SIZE, names.INPUT_SIZE, 3), dtype=np.uint8)
    async with open_triton(NOWHERE, control_timeout=1, load_timeout=1) as triton:
        with pytest.raises(Unavailable) as failure:
            await triton.classify(image, timeout=1)
        assert failure.value.reason == "classifier"
        for call in (triton.is_live, triton.index):
            with pytest.raises(Unavailable):
                await call()
        with pytest.raises(Unavailable):
            await triton.load(names.ENSEMBLE, {"name": names.ENSEMBLE})


def test_a_component_is_served_in_just_the_versions_asked_for(tmp_path: Path) -> None:
    text = 'name: "m"\nbackend: "pytorch"\nversion_policy { latest { num_versions: 1 } }\n'
    (tmp_path / "config.pbtxt").write_text(text)
    config = component_config(tmp_path, [2, 3])
    assert list(config["version_policy"]) == ["specific"]
    assert [int(version) for version in config["version_policy"]["specific"]["versions"]] == [2, 3]
    assert config["backend"] == "pytorch"


def test_a_configuration_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        component_config(tmp_path, [1])
