"""The platform's fixtures, with limits that no test of other things meets."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dupi.adapters.limits import LocalRateLimits
from dupi.adapters.storage import FolderStorage
from dupi.analyses.capacity import Desk
from dupi.resources import Resources
from dupi.settings import CommunitySettings
from dupi.store import StoreDatabase

MANY = CommunitySettings(
    posts_per_person=10_000,
    images_per_person=10_000,
    comments_per_person=10_000,
    likes_per_person=10_000,
    reports_per_person=10_000,
)


@pytest.fixture
async def board(
    resources: Resources, store: StoreDatabase, tmp_path: Path
) -> AsyncIterator[Resources]:
    """An empty store, a folder of its own (``objects``), no tries counted yet."""
    settings = resources.settings.model_copy(update={"community": MANY})
    storage = FolderStorage.at(str(tmp_path / "objects"), timeout_seconds=5)
    yield replace(
        resources, settings=settings, storage=storage, limits=LocalRateLimits(), admission=Desk()
    )
    storage.close()


@pytest.fixture
def objects(board: Resources, tmp_path: Path) -> Path:
    """Where the board's files lie."""
    return tmp_path / "objects"
