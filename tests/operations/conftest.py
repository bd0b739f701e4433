"""A platform whose Triton servers are doubles, over the real store and a repository of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from dupi.operations.models import Deployment
from dupi.operations.reconciler import reconcile
from dupi.operations.service import get_live_deployment
from dupi.operations.shadowing import Shadowing
from dupi.resources import Resources
from dupi.store import StoreDatabase
from dupi.vision import contract as names
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    publish(tmp_path, dict.fromkeys(names.COMPONENTS, 1))
    publish(tmp_path, {names.HEADS[0]: 3})
    return tmp_path


@pytest.fixture
def server() -> RememberingServer:
    return RememberingServer()


@pytest.fixture
def platform(
    resources: Resources, store: StoreDatabase, repository: Path, server: RememberingServer
) -> Resources:
    triton = resources.settings.triton.model_copy(update={"reconcile_seconds": 0.05})
    settings = resources.settings.model_copy(
        update={"model_repository": repository, "triton": triton}
    )
    return replace(resources, settings=settings, model_servers=(server,), shadowing=Shadowing())


@pytest.fixture
async def first(platform: Resources, repository: Path) -> Deployment:
    """Live and applied: version 3 of one head, 1 of all else. Then others are published."""
    await reconcile(platform)
    publish(repository, {names.HEADS[0]: 5, names.HEADS[1]: 2})
    return await get_live_deployment()
