from pathlib import Path

import pytest
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract
from dupi.vision.ensemble import ensemble_config
from export.triton_configs import all_configs, config_text

REPOSITORY = Path(__file__).parents[2] / "model_repository"
MODELS = (contract.ENSEMBLE, *contract.COMPONENTS)


def committed(model: str) -> "model_config_pb2.ModelConfig":
    text = (REPOSITORY / model / "config.pbtxt").read_text(encoding="utf-8")
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@pytest.mark.parametrize("model", MODELS)
def test_committed_configs_are_the_written_ones(model: str) -> None:
    assert committed(model).name == model
    assert committed(model) == text_format.Parse(
        config_text(all_configs()[model]), model_config_pb2.ModelConfig()
    )


@pytest.mark.parametrize("model", contract.COMPONENTS)
def test_components_are_warmed_up(model: str) -> None:
    config = committed(model)
    assert config.backend == "pytorch"
    assert {w.batch_size for w in config.model_warmup} >= {1, config.max_batch_size}


@pytest.mark.parametrize("model", contract.COMPONENTS)
def test_the_trunk_has_two_instances_and_a_head_one(model: str) -> None:
    [group] = committed(model).instance_group
    assert group.count == (2 if model == contract.TRUNK else 1)
    assert group.kind == model_config_pb2.ModelInstanceGroup.KIND_AUTO


def test_the_trunk_batches_and_rejects() -> None:
    policy = committed(contract.TRUNK).dynamic_batching.default_queue_policy
    assert policy.timeout_action == model_config_pb2.ModelQueuePolicy.REJECT
    assert 0 < policy.max_queue_size <= 256
    assert policy.default_timeout_microseconds > 0


@pytest.mark.parametrize("model", [*contract.HEADS, contract.DOMAIN_HEAD])
def test_nothing_is_dropped_between_the_steps_that_run_side_by_side(model: str) -> None:
    """``tests/faults/test_clients_gone.py`` shows what comes of it."""
    assert not committed(model).HasField("dynamic_batching")


def test_the_ensemble_fits_its_parts() -> None:
    """Every tensor that a step maps is there in the component, and each output comes from one."""
    config = committed(contract.ENSEMBLE)
    produced: list[str] = [contract.IMAGE]
    for step in config.ensemble_scheduling.step:
        part = committed(step.model_name)
        assert set(step.input_map) == {tensor.name for tensor in part.input}
        assert set(step.output_map) == {tensor.name for tensor in part.output}
        assert set(step.input_map.values()) <= set(produced)
        produced += step.output_map.values()
    assert len(produced) == len(set(produced))
    assert {output.name for output in config.output} <= set(produced)


def test_no_output_is_also_an_input_of_a_step() -> None:
    """Triton fails a request that leaves such an output out (issue 7482)."""
    config = committed(contract.ENSEMBLE)
    inputs = {name for step in config.ensemble_scheduling.step for name in step.input_map.values()}
    assert not inputs & {output.name for output in config.output}


def test_versions_are_pinned_and_complete() -> None:
    versions = {model: n for n, model in enumerate(contract.COMPONENTS, start=3)}
    message = json_format.ParseDict(ensemble_config(versions, 224), model_config_pb2.ModelConfig())
    pinned = {s.model_name: s.model_version for s in message.ensemble_scheduling.step}
    assert pinned == versions
    sides = {o.name: list(o.dims) for o in message.output}
    assert sides[contract.attention_output(Condition.DANDRUFF)] == [14, 14]
    with pytest.raises(ValueError, match="scalp_domain"):
        ensemble_config({**dict.fromkeys(contract.COMPONENTS[:-1], 1)}, 160)
    with pytest.raises(ValueError, match="stranger"):
        ensemble_config({**versions, "stranger": 1}, 160)
