"""Writes every ``config.pbtxt`` of the model repository; they are committed.

python -m export.triton_configs model_repository
"""

import argparse
from pathlib import Path
from typing import Any

from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from dupi.vision import contract
from dupi.vision.ensemble import ensemble_config

Json = dict[str, Any]
_ANY = -1
"""Versions of one model may take photos of different sizes: the deployment says which, and the
ensemble holds requests to it. So a trunk of another size goes live without a reload of the others.
"""
_FEATURES = [contract.FEATURE_CHANNELS, _ANY, _ANY]
_HEADER = "# Written by `python -m export.triton_configs`; change that instead.\n"
MAX_QUEUED = 64
_QUEUE_TIMEOUT_US = 8_000_000
_BATCH_DELAY_US = 2_000
"""Short beside the 20 ms that a photo takes, so that a lone caller does not feel it."""
_TRUNK_INSTANCES = 2
"""Each computes on one thread and has memory of its own. A second one nearly doubles the throughput
on two cores (docs/throughput.md). On GPUs Triton takes as many on each of them; what that brings
there is not measured."""
_WARM_BATCHES = (1, 2, 4, contract.MAX_BATCH_SIZE)


def component_config(model: str) -> Json:
    """Triton's ``ModelConfig`` of the trunk or of a head, in JSON form."""
    inputs, outputs = _tensors(model)
    config = {
        "name": model,
        "backend": "pytorch",
        "max_batch_size": contract.MAX_BATCH_SIZE,
        # Deployments name the versions. Where this is asked nevertheless, no live one may go.
        "version_policy": {"all": {}},
        "input": inputs,
        "output": outputs,
        "instance_group": [{"kind": "KIND_AUTO", "count": _instances(model)}],
        "model_warmup": [_warm_up(inputs[0], batch) for batch in _WARM_BATCHES],
        "parameters": {name: {"string_value": value} for name, value in _PARAMETERS.items()},
    }
    return config if model != contract.TRUNK else {**config, "dynamic_batching": _BATCHING}


def _instances(model: str) -> int:
    """A head is one small product: one instance keeps up with the trunk's."""
    return _TRUNK_INSTANCES if model == contract.TRUNK else 1


_BATCHING = {
    "max_queue_delay_microseconds": _BATCH_DELAY_US,
    "default_queue_policy": {
        "timeout_action": "REJECT",
        "default_timeout_microseconds": _QUEUE_TIMEOUT_US,
        "max_queue_size": MAX_QUEUED,
    },
}
"""The trunk's alone. Triton 2.51 counts wrongly when a batcher drops one of the steps that an
ensemble runs side by side, because its client was killed, or its time in the queue is up, or the
queue is full: the head then hangs for ever, or the server crashes (triton-inference-server/core
483, mended in 2026). Heads therefore have no batcher that could drop anything. What they are given
is bounded by what the trunk lets through, and each takes them far faster than the trunk."""

_PARAMETERS = {
    "INFERENCE_MODE": "true",
    # Several models compute at once, and threads of one operation spin while they wait for each
    # other: with a thread for each core, a busy machine served a third (docs/throughput.md).
    "INTRA_OP_THREAD_COUNT": "1",
    "INTER_OP_THREAD_COUNT": "1",
    # Otherwise the first requests of every batch size are several times slower.
    "DISABLE_OPTIMIZED_EXECUTION": "true",
}


def _tensors(model: str) -> tuple[list[Json], list[Json]]:
    version: Json = {"data_type": "TYPE_INT64", "dims": [1]}
    if model == contract.TRUNK:
        photo = {"name": contract.TRUNK_INPUT, "data_type": "TYPE_UINT8", "dims": [_ANY, _ANY, 3]}
        return [photo], [
            _float(contract.TRUNK_FEATURES, _FEATURES),
            _float(contract.TRUNK_FEATURES_FOR_CLIENTS, _FEATURES),
            {"name": contract.TRUNK_VERSION_OUTPUT, **version},
        ]
    features = _float(contract.HEAD_INPUT, _FEATURES)
    if model == contract.DOMAIN_HEAD:
        return [features], [
            _float(contract.DOMAIN_SCORE, [1]),
            {"name": contract.DOMAIN_VERSION_OUTPUT, **version},
        ]
    return [features], [
        _float(contract.HEAD_PROBABILITIES, [4]),
        _float(contract.HEAD_ATTENTION, [_ANY, _ANY]),
        {"name": contract.HEAD_VERSION, **version},
    ]


def _float(name: str, dims: list[int]) -> Json:
    return {"name": name, "data_type": "TYPE_FP32", "dims": dims}


def _warm_up(tensor: Json, batch: int) -> Json:
    """With photos of the first deployment's size."""
    is_photo = tensor["data_type"] == "TYPE_UINT8"
    side = contract.INPUT_SIZE // (1 if is_photo else contract.FEATURE_STRIDE)
    dims = [side if length == _ANY else length for length in tensor["dims"]]
    sample = {"data_type": tensor["data_type"], "dims": dims, "zero_data": True}
    return {"name": f"batch_{batch}", "batch_size": batch, "inputs": {tensor["name"]: sample}}


def all_configs() -> dict[str, Json]:
    """Model name to config, the ensemble with version 1 of everything."""
    first = dict.fromkeys(contract.COMPONENTS, 1)
    configs = {model: component_config(model) for model in contract.COMPONENTS}
    return {**configs, contract.ENSEMBLE: ensemble_config(first, contract.INPUT_SIZE)}


def config_text(config: Json) -> str:
    message = json_format.ParseDict(config, model_config_pb2.ModelConfig())
    return _HEADER + str(text_format.MessageToString(message))


def write_configs(repository: Path) -> None:
    for model, config in all_configs().items():
        folder = repository / model
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.pbtxt").write_text(config_text(config), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("repository", type=Path)
    write_configs(parser.parse_args().repository)


if __name__ == "__main__":
    main()
