"""An operator, and a platform whose Triton server is a double over a repository of its own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dupi.accounts.models import Role
from dupi.accounts.service import find_by_email, give_role
from dupi.operations.models import Deployment
from dupi.operations.reconciler import reconcile
from dupi.operations.service import get_live_deployment
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.operations.doubles import RememberingServer
from tests.operations.repository import publish
from tests.support.web import Caller, app_over, caller
from tests.support.web_fixtures import anyone, mina, parts, photo

__all__ = ["anyone", "mina", "parts", "photo"]

EMAIL = "operator@example.com"


@pytest.fixture
def server() -> RememberingServer:
    return RememberingServer()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    publish(folder, dict.fromkeys(names.COMPONENTS, 1))
    return folder


@pytest.fixture
def operated(parts: Resources, repository: Path, server: RememberingServer) -> Resources:
    settings = parts.settings.model_copy(update={"model_repository": repository})
    return replace(parts, settings=settings, model_servers=(server,))


@pytest.fixture
async def live(operated: Resources, repository: Path) -> Deployment:
    """Version 1 of everything; 2 of two heads is published, and a whole set of a second trunk."""
    await reconcile(operated)
    publish(repository, {names.HEADS[0]: 2, names.HEADS[1]: 2})
    publish(repository, dict.fromkeys(names.COMPONENTS, 20), trunk=20, input_size=224)
    return await get_live_deployment()


@pytest.fixture
def app(operated: Resources, live: Deployment) -> Starlette:
    return app_over(operated)


@pytest.fixture
async def operator(app: Starlette, operated: Resources) -> AsyncIterator[Caller]:
    """Someone who was made an operator after signing up."""
    async with caller(app) as someone:
        await someone.sign_up(EMAIL, nickname="운영")
        user = await find_by_email(operated, email=EMAIL)
        await give_role(operated, user_id=user.id, role=Role.OPERATOR)
        yield someone
