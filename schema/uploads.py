"""A file that came with a request. The web side fills it in; the schema only reads it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """``read`` gives all of it; its size was bounded before."""

    read: Callable[[], Awaitable[bytes]]
