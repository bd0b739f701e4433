"""A python-based ``pytorch`` backend: loads ``model.pt`` and runs whole batches through it.

Tensors are named, and parameters read, as the libtorch backend does: ``<anything>__<position>`` or
the name of an argument of ``forward``; ``INTRA_OP_THREAD_COUNT``, ``INTER_OP_THREAD_COUNT``,
``INFERENCE_MODE``, ``DISABLE_OPTIMIZED_EXECUTION``, ``ENABLE_JIT_PROFILING``.

Runs inside Triton's Python stub, one process a model, which knows torch and numpy alone.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import triton_python_backend_utils as pb_utils

_DEFAULT_FILE = "model.pt"


class TritonPythonModel:
    """One instance of one version of one model."""

    def initialize(self, args: dict[str, str]) -> None:
        config = json.loads(args["model_config"])
        parameters = {k: v["string_value"] for k, v in config.get("parameters", {}).items()}
        _set_executor(parameters)
        self._device = _device(args)
        self._inference_mode = _flag(parameters, "INFERENCE_MODE", default=True)
        self._is_optimized = not _flag(parameters, "DISABLE_OPTIMIZED_EXECUTION", default=False)
        name = config.get("default_model_filename") or _DEFAULT_FILE
        path = Path(args["model_repository"]) / args["model_version"] / name
        self._module = torch.jit.load(str(path), map_location=self._device).eval()
        self._inputs = _in_order([i["name"] for i in config["input"]], _arguments(self._module))
        self._outputs = [output["name"] for output in config["output"]]

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response a request; all are run as one batch."""
        try:
            sizes, inputs = self._gather(requests)
            outputs = self._run(inputs)
            return self._split(requests, sizes, outputs)
        except Exception as error:  # a Python model that raises here would lose every request
            failure = pb_utils.TritonError(f"{type(error).__name__}: {error}")
            return [pb_utils.InferenceResponse(error=failure) for _ in requests]

    def _gather(self, requests: list[Any]) -> tuple[list[int], list[torch.Tensor]]:
        columns = [
            [pb_utils.get_input_tensor_by_name(request, name).as_numpy() for request in requests]
            for name in self._inputs
        ]
        sizes = [len(part) for part in columns[0]]
        inputs = [torch.from_numpy(np.concatenate(column)) for column in columns]
        return sizes, [tensor.to(self._device) for tensor in inputs]

    def _run(self, inputs: list[torch.Tensor]) -> dict[str, Any]:
        """Each output's batch by its name."""
        with (
            torch.inference_mode(self._inference_mode),
            torch.jit.optimized_execution(self._is_optimized),
        ):
            result = self._module(*inputs)
        tensors = [result] if isinstance(result, torch.Tensor) else list(result)
        return {
            name: tensors[_position(name)].detach().cpu().contiguous().numpy()
            for name in self._outputs
        }

    def _split(self, requests: list[Any], sizes: list[int], outputs: dict[str, Any]) -> list[Any]:
        responses, start = [], 0
        for request, size in zip(requests, sizes, strict=True):
            wanted = request.requested_output_names()
            tensors = [
                pb_utils.Tensor(name, np.ascontiguousarray(batch[start : start + size]))
                for name, batch in outputs.items()
                if name in wanted
            ]
            responses.append(pb_utils.InferenceResponse(output_tensors=tensors))
            start += size
        return responses


def _set_executor(parameters: dict[str, str]) -> None:
    """Threads, and whether the executor specialises itself for every new batch shape, which makes
    the first requests of each size many times slower."""
    if threads := int(parameters.get("INTRA_OP_THREAD_COUNT", "0")):
        torch.set_num_threads(threads)
    if threads := int(parameters.get("INTER_OP_THREAD_COUNT", "0")):
        torch.set_num_interop_threads(threads)
    if "ENABLE_JIT_PROFILING" in parameters:
        profiling = _flag(parameters, "ENABLE_JIT_PROFILING", default=True)
        torch._C._jit_set_profiling_mode(profiling)


def _flag(parameters: dict[str, str], name: str, *, default: bool) -> bool:
    return parameters.get(name, str(default)).lower() == "true"


def _device(args: dict[str, str]) -> torch.device:
    if args["model_instance_kind"] == "GPU":
        return torch.device("cuda", int(args["model_instance_device_id"]))
    return torch.device("cpu")


def _arguments(module: Any) -> list[str]:
    return [argument.name for argument in module.forward.schema.arguments[1:]]


def _in_order(names: list[str], arguments: list[str]) -> list[str]:
    """``names`` in the order of ``forward``'s arguments."""

    def place(name: str) -> int:
        return arguments.index(name) if name in arguments else _position(name)

    return sorted(names, key=place)


def _position(name: str) -> int:
    return int(name.rpartition("__")[2])
