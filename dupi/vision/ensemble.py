"""The ensemble ``scalp_severity`` with its steps pinned to versions, in Triton's JSON form.

One place for the committed ``config.pbtxt`` and for ``load(scalp_severity, config=…)``, by which a
deployment goes live. Keys are the field names of Triton's ``ModelConfig`` message.
"""

from collections.abc import Mapping
from typing import Any

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract as names

_SHARED_FEATURES = "features_for_heads"
Json = dict[str, Any]


def ensemble_config(versions: Mapping[str, int], input_size: int) -> Json:
    """Triton's ``ModelConfig`` of the ensemble, ready for ``json.dumps``.

    ``versions`` names a version for every model of ``contract.COMPONENTS``; anything missing or
    unknown raises ``ValueError``. ``input_size`` is in pixels.
    """
    _refuse_other_models(versions)
    return {
        "name": names.ENSEMBLE,
        "platform": "ensemble",
        "max_batch_size": names.MAX_BATCH_SIZE,
        "input": [_tensor(names.IMAGE, "TYPE_UINT8", input_size, input_size, 3)],
        "output": _outputs(input_size // names.FEATURE_STRIDE),
        "ensemble_scheduling": {"step": _steps(versions)},
    }


def _refuse_other_models(versions: Mapping[str, int]) -> None:
    if strange := set(versions) ^ set(names.COMPONENTS):
        raise ValueError(f"one version for each component is needed; look at {sorted(strange)}")


def _tensor(name: str, data_type: str, *dims: int) -> Json:
    return {"name": name, "data_type": data_type, "dims": list(dims)}


def _outputs(side: int) -> list[Json]:
    outputs = []
    for condition in Condition:
        outputs += [
            _tensor(names.probabilities_output(condition), "TYPE_FP32", 4),
            _tensor(names.attention_output(condition), "TYPE_FP32", side, side),
            _tensor(names.version_output(condition), "TYPE_INT64", 1),
        ]
    return [
        *outputs,
        _tensor(names.IN_DOMAIN_SCORE, "TYPE_FP32", 1),
        _tensor(names.DOMAIN_VERSION, "TYPE_INT64", 1),
        _tensor(names.FEATURES, "TYPE_FP32", names.FEATURE_CHANNELS, side, side),
        _tensor(names.TRUNK_VERSION, "TYPE_INT64", 1),
    ]


def _steps(versions: Mapping[str, int]) -> list[Json]:
    def step(model: str, inputs: dict[str, str], outputs: dict[str, str]) -> Json:
        return {
            "model_name": model,
            "model_version": versions[model],
            "input_map": inputs,
            "output_map": outputs,
        }

    trunk = step(
        names.TRUNK,
        {names.TRUNK_INPUT: names.IMAGE},
        {
            names.TRUNK_FEATURES: _SHARED_FEATURES,
            names.TRUNK_FEATURES_FOR_CLIENTS: names.FEATURES,
            names.TRUNK_VERSION_OUTPUT: names.TRUNK_VERSION,
        },
    )
    heads = [
        step(
            names.head_name(condition),
            {names.HEAD_INPUT: _SHARED_FEATURES},
            {
                names.HEAD_PROBABILITIES: names.probabilities_output(condition),
                names.HEAD_ATTENTION: names.attention_output(condition),
                names.HEAD_VERSION: names.version_output(condition),
            },
        )
        for condition in Condition
    ]
    domain = step(
        names.DOMAIN_HEAD,
        {names.HEAD_INPUT: _SHARED_FEATURES},
        {
            names.DOMAIN_SCORE: names.IN_DOMAIN_SCORE,
            names.DOMAIN_VERSION_OUTPUT: names.DOMAIN_VERSION,
        },
    )
    return [trunk, *heads, domain]
