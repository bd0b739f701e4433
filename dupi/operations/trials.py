"""Loading versions that are not live yet, and one real classification by them."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dupi.adapters.triton import ModelServer
from dupi.operations.loading import add_versions
from dupi.vision import contract as names

if TYPE_CHECKING:
    from dupi.resources import Resources

_TIMEOUT_S: Final = 30.0
_SUM_TOLERANCE: Final = 1e-2
_GRADES: Final = 4


class WrongAnswer(Exception):
    """A version is served, but what it answers cannot be used."""


async def load_and_try(
    resources: "Resources", server: ModelServer, versions: Mapping[str, int], input_size: int
) -> None:
    """Load what ``server`` lacks of ``versions``, beside all that it holds; then try them.

    Raises WrongAnswer, RequestRefused and Unavailable.
    """
    await add_versions(resources, server, versions)
    await try_out(server, versions, input_size)


async def try_out(server: ModelServer, versions: Mapping[str, int], input_size: int) -> None:
    """Let the trunk read a picture and every head its features.

    Raises WrongAnswer, RequestRefused (shapes that do not fit) and Unavailable.
    """
    features = await _try_trunk(server, versions[names.TRUNK], input_size)
    for head in names.HEADS:
        await _try_head(server, head, versions[head], features)
    await _try_domain_head(server, versions[names.DOMAIN_HEAD], features)


async def _try_trunk(server: ModelServer, version: int, side: int) -> Any:
    photo = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), dtype=np.uint8)
    answer = await server.infer(
        names.TRUNK,
        str(version),
        {names.TRUNK_INPUT: photo},
        (names.TRUNK_FEATURES_FOR_CLIENTS, names.TRUNK_VERSION_OUTPUT),
        timeout=_TIMEOUT_S,
    )
    features = answer.as_numpy(names.TRUNK_FEATURES_FOR_CLIENTS)
    _check_version(names.TRUNK, version, answer.as_numpy(names.TRUNK_VERSION_OUTPUT))
    cells = side // names.FEATURE_STRIDE
    _check_shape(names.TRUNK, features, (1, names.FEATURE_CHANNELS, cells, cells))
    return features


async def _try_head(server: ModelServer, head: str, version: int, features: Any) -> None:
    wanted = (names.HEAD_PROBABILITIES, names.HEAD_ATTENTION, names.HEAD_VERSION)
    given = {names.HEAD_INPUT: features}
    answer = await server.infer(head, str(version), given, wanted, timeout=_TIMEOUT_S)
    probabilities = answer.as_numpy(names.HEAD_PROBABILITIES)
    _check_version(head, version, answer.as_numpy(names.HEAD_VERSION))
    _check_shape(head, probabilities, (1, _GRADES))
    _check_shape(head, answer.as_numpy(names.HEAD_ATTENTION), (1, *features.shape[2:]))
    total = float(probabilities.sum())
    if not math.isclose(total, 1.0, abs_tol=_SUM_TOLERANCE) or float(probabilities.min()) < 0:
        raise WrongAnswer(f"{head} {version} answers no probabilities")


async def _try_domain_head(server: ModelServer, version: int, features: Any) -> None:
    wanted = (names.DOMAIN_SCORE, names.DOMAIN_VERSION_OUTPUT)
    given = {names.HEAD_INPUT: features}
    answer = await server.infer(names.DOMAIN_HEAD, str(version), given, wanted, timeout=_TIMEOUT_S)
    _check_version(names.DOMAIN_HEAD, version, answer.as_numpy(names.DOMAIN_VERSION_OUTPUT))
    score = float(answer.as_numpy(names.DOMAIN_SCORE)[0][0])
    if not 0 <= score <= 1:
        raise WrongAnswer(f"{names.DOMAIN_HEAD} {version} answers no score")


def _check_version(model: str, version: int, said: Any) -> None:
    if int(said[0][0]) != version:
        raise WrongAnswer(f"{model} {version} says that it is {int(said[0][0])}")


def _check_shape(model: str, found: Any, wanted: tuple[int, ...]) -> None:
    if found.shape != wanted:
        raise WrongAnswer(f"{model} answers {found.shape}, not {wanted}")
