"""Names, tensors and the manifest that exporters, Triton and the client agree on.

The one public model is the ensemble ``scalp_severity``. It takes ``IMAGE``, uint8 ``[B, S, S, 3]``
(RGB, upright, S = the deployment's input size), and returns for each condition

* ``<CONDITION>_PROBABILITIES`` fp32 ``[B, 4]``: calibrated, over the grades 0 to 3,
* ``<CONDITION>_ATTENTION`` fp32 ``[B, h, w]``: class activation from 0 to 1,
* ``<CONDITION>_VERSION`` int64 ``[B, 1]``: the head's own version,

and ``IN_DOMAIN_SCORE`` fp32 ``[B, 1]``, ``DOMAIN_VERSION`` int64 ``[B, 1]``, ``FEATURES`` fp32
``[B, C, h, w]`` and ``TRUNK_VERSION`` int64 ``[B, 1]``. The components' own tensors carry the
positional names of Triton's libtorch backend.
"""

from dataclasses import dataclass
from typing import Final

from dupi.knowledge.vocabulary import Condition

ENSEMBLE: Final = "scalp_severity"
TRUNK: Final = "scalp_trunk"
DOMAIN_HEAD: Final = "scalp_domain"

IMAGE: Final = "IMAGE"
IN_DOMAIN_SCORE: Final = "IN_DOMAIN_SCORE"
DOMAIN_VERSION: Final = "DOMAIN_VERSION"
FEATURES: Final = "FEATURES"
TRUNK_VERSION: Final = "TRUNK_VERSION"

INPUT_SIZE: Final = 224
"""Pixels of a side of the square input of the first deployment's trunk; a later trunk may differ,
so serving code takes the size from the deployment's manifest."""

FEATURE_CHANNELS: Final = 192
FEATURE_STRIDE: Final = 16
"""Features and attention maps have a side of ``input_size // FEATURE_STRIDE`` cells."""

MAX_BATCH_SIZE: Final = 8

TRUNK_INPUT: Final = "INPUT__0"
TRUNK_FEATURES: Final = "OUTPUT__0"
TRUNK_FEATURES_FOR_CLIENTS: Final = "OUTPUT__1"
TRUNK_VERSION_OUTPUT: Final = "OUTPUT__2"
"""The trunk emits its features twice: a tensor that is a step's input and an unrequested output of
the ensemble at once fails the request (Triton issue 7482)."""

HEAD_INPUT: Final = "INPUT__0"
HEAD_PROBABILITIES: Final = "OUTPUT__0"
HEAD_ATTENTION: Final = "OUTPUT__1"
HEAD_VERSION: Final = "OUTPUT__2"

DOMAIN_SCORE: Final = "OUTPUT__0"
DOMAIN_VERSION_OUTPUT: Final = "OUTPUT__1"

MANIFEST_FILE: Final = "manifest.json"
"""Lies beside ``model.pt`` in each published version folder; see :class:`Manifest`."""


def head_name(condition: Condition) -> str:
    """Triton's name of the head that grades ``condition``: ``severity_fine_scaling`` …"""
    return f"severity_{condition.lower()}"


def probabilities_output(condition: Condition) -> str:
    return f"{condition}_PROBABILITIES"


def attention_output(condition: Condition) -> str:
    return f"{condition}_ATTENTION"


def version_output(condition: Condition) -> str:
    return f"{condition}_VERSION"


HEADS: Final = tuple(head_name(condition) for condition in Condition)
COMPONENTS: Final = (TRUNK, *HEADS, DOMAIN_HEAD)
"""Every model that the ensemble pins, trunk first."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a published version says about itself.

    ``abstain_below``: a head's finding whose greatest probability is lower abstains (for
    ``scalp_domain``: a photo whose in-domain score is lower is no scalp); ``None`` for the trunk.
    ``input_size``: pixels of a side of the square input. ``weights_sha256``: of the file of weights
    that the version was built from, by which publishing knows what is done. ``data_sha256``: of the
    training photos, empty where it was not written down. ``link``: how logits become probabilities
    (a recipe's name for it).
    """

    model: str
    version: int
    trunk_version: int
    input_size: int
    abstain_below: float | None
    trained_on: str
    published_at: str
    weights_sha256: str = ""
    data_sha256: str = ""
    link: str = "corn"
