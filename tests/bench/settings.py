"""One Triton that serves the same trunk under several settings, each behind its own ensemble."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient

from dupi.vision import contract
from dupi.vision.ensemble import ensemble_config
from export.triton_configs import component_config, config_text, write_configs
from tests.bench.timing import Load, drive
from tests.support.triton import running_triton

Json = dict[str, Any]
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Setting:
    """The trunk's; None: as it is configured. ``delay_us``: how long a batch waits to be filled."""

    name: str
    batch: int | None = None
    delay_us: int | None = None
    threads: int | None = None
    instances: int | None = None

    def of_trunk(self, name: str) -> Json:
        """Triton's ``ModelConfig`` of a trunk called ``name``."""
        config = deepcopy(component_config(contract.TRUNK)) | {"name": name}
        batching, threads = (
            config["dynamic_batching"],
            config["parameters"]["INTRA_OP_THREAD_COUNT"],
        )
        if self.batch is not None:
            config["max_batch_size"] = self.batch
            warm_ups = config["model_warmup"]
            config["model_warmup"] = [w for w in warm_ups if w["batch_size"] <= self.batch]
        if self.delay_us is not None:
            batching["max_queue_delay_microseconds"] = self.delay_us
        if self.threads is not None:
            threads["string_value"] = str(self.threads)
        if self.instances is not None:
            config["instance_group"][0]["count"] = self.instances
        return config


@asynccontextmanager
async def serving(
    repository: Path, settings: Iterable[Setting], log: Path
) -> AsyncIterator[Mapping[str, "Served"]]:
    """Each setting's ensemble by the setting's name, all loaded.

    ``repository`` holds the published versions; trunks and ensembles are added to it.
    """
    write_configs(repository)
    places = {setting: f"{number}" for number, setting in enumerate(settings)}
    for setting, place in places.items():
        _add(repository, setting, place)
    trunks = [f"trunk_{place}" for place in places.values()]
    async with running_triton(repository, log) as client:
        await _load(client, (*contract.HEADS, contract.DOMAIN_HEAD, *trunks))
        await _load(client, [f"ensemble_{place}" for place in places.values()])
        yield {s.name: Served(client, f"ensemble_{place}") for s, place in places.items()}


@dataclass(frozen=True)
class Served:
    """One ensemble, asked for all grades of one photo at a time."""

    client: InferenceServerClient
    name: str

    async def load(self, photos: npt.NDArray[np.uint8], at_once: int, seconds: float) -> Load:
        async def grade(caller: int) -> None:
            photo = photos[caller % len(photos)][np.newaxis]
            image = InferInput(contract.IMAGE, list(photo.shape), "UINT8")
            image.set_data_from_numpy(photo)
            await self.client.infer(self.name, [image], client_timeout=_TIMEOUT_S)

        return await drive(grade, at_once=at_once, seconds=seconds)


def newest_versions(repository: Path) -> dict[str, int]:
    """Of every component that is published there."""
    return {
        model: max(int(path.parent.name) for path in (repository / model).glob("*/model.pt"))
        for model in contract.COMPONENTS
    }


def _add(repository: Path, setting: Setting, place: str) -> None:
    versions = newest_versions(repository)
    trunk, name = f"trunk_{place}", f"ensemble_{place}"
    config = setting.of_trunk(trunk)
    folder = repository / trunk / str(versions[contract.TRUNK])
    folder.mkdir(parents=True)
    os.link(repository / contract.TRUNK / folder.name / "model.pt", folder / "model.pt")
    (repository / name / "1").mkdir(parents=True)
    ensemble = ensemble_config(versions, contract.INPUT_SIZE) | {"name": name}
    ensemble["max_batch_size"] = min(config["max_batch_size"], contract.MAX_BATCH_SIZE)
    [step] = [s for s in ensemble["ensemble_scheduling"]["step"]
              if s["model_name"] == contract.TRUNK]  # fmt: skip
    step["model_name"] = trunk
    for model, text in ((trunk, config), (name, ensemble)):
        (repository / model / "config.pbtxt").write_text(config_text(text), encoding="utf-8")


async def _load(client: InferenceServerClient, models: Iterable[str]) -> None:
    await asyncio.gather(*(client.load_model(model, client_timeout=_TIMEOUT_S) for model in models))
