"""Fixtures of the web side, for the conftest files that import them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dupi.adapters.limits import LocalRateLimits
from dupi.adapters.storage import FolderStorage
from dupi.analyses.capacity import Desk
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.support.photos import photo_bytes
from tests.support.web import Caller, app_over, caller, served

__all__ = [
    "advisor",
    "anyone",
    "app",
    "classifier",
    "deployment",
    "mina",
    "parts",
    "photo",
    "platform",
    "web",
]


@pytest.fixture
def parts(resources: Resources, store: StoreDatabase, tmp_path: Path) -> Resources:
    """What the app works with: an empty store, a folder of its own, no tries counted yet.

    It runs no analysis; ``platform``, over the same store and folder, can.
    """
    analyses = {"poll_seconds": 0.2, "max_running_per_person": 20, "expected_seconds": 1.0}
    api = {"session_check_seconds": 0.1}
    settings = resources.settings
    changed = settings.model_copy(
        update={
            "analyses": settings.analyses.model_copy(update=analyses),
            "api": settings.api.model_copy(update=api),
        }
    )
    storage = FolderStorage.at(str(tmp_path / "objects"), timeout_seconds=5)
    return replace(
        resources, settings=changed, limits=LocalRateLimits(), storage=storage, admission=Desk()
    )


@pytest.fixture
def app(parts: Resources) -> Starlette:
    return app_over(parts)


@pytest.fixture
async def anyone(app: Starlette) -> AsyncIterator[Caller]:
    """Someone who has not signed in."""
    async with caller(app) as someone:
        yield someone


@pytest.fixture
async def mina(app: Starlette) -> AsyncIterator[Caller]:
    """Someone with an account, signed in, who consented to what photos need."""
    async with caller(app) as someone:
        await someone.sign_up()
        await someone.consent()
        yield someone


@pytest.fixture
async def web(app: Starlette) -> AsyncIterator[str]:
    """``host:port`` of the app on a real server."""
    async with served(app) as address:
        yield address


@pytest.fixture(scope="session")
def photo() -> bytes:
    return photo_bytes()
