"""Two Tritons and a store for the long run, and the versions that it promotes."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dupi.operations.reconciler import reconcile_until
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.support.models import newest_version, publish_candidates
from tests.support.store import fresh_resources, running_store, settings_for_tests
from tests.support.triton import TritonServer, planned_triton, triton_at

CANDIDATE: Final = 901
TRUNK: Final = 902
BROKEN: Final = 903
SMALLER: Final = 128
HEADS: Final = (names.HEADS[4], names.HEADS[0])


@dataclass(frozen=True)
class Rig:
    resources: Resources
    first: TritonServer
    second: TritonServer


@asynccontextmanager
async def rig(state: Path, repository: Path) -> AsyncIterator[Rig]:
    second = planned_triton(repository, state / "second" / "triton.log")
    with running_store(state) as url:
        async with triton_at(repository, state / "first" / "triton.log") as first:
            changes = {
                "triton_url": f"{first.address},{second.address}",
                "model_repository": str(repository),
                "triton": {"reconcile_seconds": 1.0},
            }
            settings = settings_for_tests(url, state, **changes)
            async with fresh_resources(settings) as resources:
                stop = asyncio.Event()
                watch = asyncio.create_task(reconcile_until(resources, stop))
                shadows = asyncio.create_task(resources.shadowing.run_until(resources, stop))
                running = Rig(resources, first, second)
                try:
                    yield running
                finally:
                    stop.set()
                    await asyncio.gather(watch, shadows)
                    await second.stop()


def publish_all_candidates(repository: Path) -> None:
    live = {model: newest_version(repository, model) for model in names.COMPONENTS}
    heads = [f"{head}={live[head]}:{CANDIDATE}" for head in HEADS]
    publish_candidates(repository, *heads)
    everything = [f"{model}={live[model]}:{TRUNK}" for model in names.COMPONENTS]
    publish_candidates(repository, "--trunk", str(TRUNK), "--size", str(SMALLER), *everything)
    broken = repository / HEADS[1] / str(BROKEN)
    shutil.copytree(repository / HEADS[1] / str(CANDIDATE), broken)
    (broken / "model.pt").unlink()
    (broken / "model.pt").write_bytes(b"no model")
    manifest = (broken / names.MANIFEST_FILE).read_text()
    (broken / names.MANIFEST_FILE).write_text(manifest.replace(str(CANDIDATE), str(BROKEN)))
