"""A platform over the real store, a real folder and the real advisor client; Triton is a double."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dupi.adapters.advisor import AdvisorTimeouts
from dupi.adapters.advisors import open_advisors
from dupi.adapters.storage import FolderStorage
from dupi.analyses.capacity import Desk
from dupi.operations.models import Deployment
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.analyses.doubles import ScriptedClassifier
from tests.operations.deployments import a_deployment
from tests.operations.doubles import RememberingServer
from tests.support.advisor_server import MODEL, AdvisorServer, running_advisor

PATIENCE = AdvisorTimeouts(connect=1, first_token=2, between_tokens=0.5, total=20)


@pytest.fixture
async def advisor() -> AsyncIterator[AdvisorServer]:
    async with running_advisor() as server:
        yield server


@pytest.fixture
def classifier() -> ScriptedClassifier:
    return ScriptedClassifier()


@pytest.fixture
async def deployment(store: StoreDatabase) -> Deployment:
    return await a_deployment().insert()


@pytest.fixture
async def platform(
    resources: Resources,
    deployment: Deployment,
    advisor: AdvisorServer,
    classifier: ScriptedClassifier,
    tmp_path: Path,
) -> AsyncIterator[Resources]:
    """``deployment`` is live, the store is empty but for it."""
    pace = {
        "poll_seconds": 0.2,
        "max_running_per_person": 20,
        "lease_seconds": 2.0,
        "expected_seconds": 1.0,
    }
    analyses = resources.settings.analyses.model_copy(update=pace)
    async with open_advisors([advisor.url], api_key=None, model=MODEL, timeouts=PATIENCE) as client:
        yield replace(
            resources,
            settings=resources.settings.model_copy(update={"analyses": analyses}),
            storage=FolderStorage.at(str(tmp_path / "objects"), timeout_seconds=5),
            classifier=classifier,
            model_servers=(RememberingServer.at(deployment),),
            advisors=client,
            admission=Desk(),
        )
