"""What Triton answers: to a photo, to a head's features, and about its own models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dupi.knowledge.vocabulary import Condition
from dupi.vision import contract as names

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Features = npt.NDArray[np.float32]


class RequestRefused(RuntimeError):
    """Triton calls the request itself invalid: trying again would not help."""


@dataclass(frozen=True, slots=True)
class Grading:
    """What one head said: calibrated probabilities by grade, attention [h, w] from 0 to 1."""

    probabilities: tuple[float, ...]
    attention: Map
    model: str
    version: str

    @property
    def grade(self) -> int:
        """The likeliest one, 0 to 3."""
        return self.probabilities.index(max(self.probabilities))


@dataclass(frozen=True, slots=True)
class Classification:
    """What ``scalp_severity`` said about one photo; versions are those that answered.

    ``features`` ``[C, h, w]``: the trunk's, where they were asked for.
    """

    gradings: Mapping[Condition, Grading]
    in_domain_score: float
    domain_version: str
    trunk_version: str
    features: Features | None = None

    @property
    def versions(self) -> dict[str, int]:
        """The version of every model that took part."""
        heads = {said.model: int(said.version) for said in self.gradings.values()}
        trunk, domain = int(self.trunk_version), int(self.domain_version)
        return heads | {names.TRUNK: trunk, names.DOMAIN_HEAD: domain}


@dataclass(frozen=True, slots=True)
class ModelState:
    """A line of the repository's index; ``version`` is empty where nothing was ever loaded.

    ``state``: ``READY``, ``LOADING``, ``UNLOADING``, ``UNAVAILABLE``, or empty.
    """

    model: str
    version: str
    state: str
    reason: str

    @property
    def is_ready(self) -> bool:
        return self.state == "READY"


# The trunk's features (184 KiB a photo) are for shadows only, and left out where there is none.
WANTED: Final = (
    *(
        output(condition)
        for condition in Condition
        for output in (names.probabilities_output, names.attention_output, names.version_output)
    ),
    names.IN_DOMAIN_SCORE,
    names.DOMAIN_VERSION,
    names.TRUNK_VERSION,
)


def read_classification(answer: Any, *, with_features: bool) -> Classification:
    """The ensemble's answer to a batch of one."""

    def first(name: str) -> Any:
        return answer.as_numpy(name)[0]

    def grading(condition: Condition) -> Grading:
        return Grading(
            probabilities=_floats(first(names.probabilities_output(condition))),
            attention=first(names.attention_output(condition)),
            model=names.head_name(condition),
            version=str(int(first(names.version_output(condition))[0])),
        )

    return Classification(
        gradings={condition: grading(condition) for condition in Condition},
        in_domain_score=float(first(names.IN_DOMAIN_SCORE)[0]),
        domain_version=str(int(first(names.DOMAIN_VERSION)[0])),
        trunk_version=str(int(first(names.TRUNK_VERSION)[0])),
        features=first(names.FEATURES) if with_features else None,
    )


def read_grading(answer: Any, model: str) -> Grading:
    """One head's answer to a batch of one."""
    return Grading(
        probabilities=_floats(answer.as_numpy(names.HEAD_PROBABILITIES)[0]),
        attention=answer.as_numpy(names.HEAD_ATTENTION)[0],
        model=model,
        version=str(int(answer.as_numpy(names.HEAD_VERSION)[0][0])),
    )


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
