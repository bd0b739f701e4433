"""Why a training cannot begin, by a stable code, and what to do about it."""

from enum import StrEnum


class TrainingRefusal(StrEnum):
    UNKNOWN_BASE = "UNKNOWN_BASE"
    """No entry of bases.toml, and no folder."""
    HUB_UNREACHABLE = "HUB_UNREACHABLE"
    """The hub does not answer, or is turned off, and the model is not in the cache."""
    TOKEN_MISSING = "TOKEN_MISSING"  # noqa: S105 - no secret
    """The hub gives it only to an account that has accepted the licence."""
    NOT_ON_HUB = "NOT_ON_HUB"
    """The hub has no such model, or hides it from this account."""
    NOT_ENOUGH_MEMORY = "NOT_ENOUGH_MEMORY"
    NOT_ENOUGH_DISK = "NOT_ENOUGH_DISK"
    METHOD_UNAVAILABLE = "METHOD_UNAVAILABLE"
    """A library that the method needs does not load here."""
    OTHER_ARCHITECTURE = "OTHER_ARCHITECTURE"
    """What was loaded is not what bases.toml says."""


class CannotTrain(Exception):
    """``str()`` is the whole answer: the code, what is missing, what to change."""

    def __init__(self, code: TrainingRefusal, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
