"""What web and worker hold open: one typed bundle, opened and closed as one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dupi.adapters.hints import Hints
from dupi.adapters.storage import PhotoStorage
from dupi.settings import Settings

if TYPE_CHECKING:
    from dupi.accounts.passwords import PasswordHasher
    from dupi.adapters.advisor import Advisor
    from dupi.adapters.limits import RateLimits
    from dupi.adapters.triton import Classifier
    from dupi.vision.decoder import ImageDecoder


@dataclass(frozen=True, slots=True)
class Resources:
    settings: Settings
    storage: PhotoStorage
    hints: Hints
    limits: "RateLimits"
    passwords: "PasswordHasher"
    decoder: "ImageDecoder"
    classifier: "Classifier"
    advisor: "Advisor"


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open everything; Triton and vLLM may be away: they are reached when they are needed."""
    raise NotImplementedError
    yield
