"""What a worker holds in memory at once is bounded by how many analyses it runs at once."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Any

from api.worker import run_workers
from dupi.adapters.storage import PhotoStorage
from dupi.analyses.models import AnalysisStatus
from dupi.knowledge.vocabulary import ScalpSite
from dupi.resources import Resources
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, a_queued, until_status
from tests.operations.doubles import RememberingServer
from tests.support.advisor_server import AdvisorServer
from tests.support.patience import HANGS_AFTER_S

__all__ = ["advisor", "classifier", "deployment", "platform"]

_ANALYSES = 3


class Held(bytes):
    """A photo's bytes that know how many of them there are."""

    now = 0
    most = 0

    def __new__(cls, data: bytes) -> "Held":
        Held.now += 1
        Held.most = max(Held.most, Held.now)
        return super().__new__(cls, data)

    def __del__(self) -> None:
        Held.now -= 1


class CountingStorage:
    def __init__(self, storage: PhotoStorage) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def get(self, key: str) -> bytes:
        return Held(await self._storage.get(key))


async def test_a_worker_holds_no_more_photos_than_its_analyses_have(
    platform: Resources, classifier: ScriptedClassifier, advisor: AdvisorServer
) -> None:
    classifier.pause_s, advisor.scripts = 0.2, deque([GOOD])
    queued = [await a_queued(platform, *ScalpSite) for _ in range(_ANALYSES)]
    storage: Any = CountingStorage(platform.storage)
    parts = replace(platform, storage=storage, model_servers=(RememberingServer(),))
    stop = asyncio.Event()
    worker = asyncio.create_task(run_workers(parts, stop))
    for analysis in queued:
        await until_status(analysis.id, AnalysisStatus.COMPLETED)
    stop.set()
    async with asyncio.timeout(HANGS_AFTER_S):
        await worker
    assert 0 < Held.most <= parts.settings.analyses.concurrency * len(ScalpSite)
    assert Held.now == 0
