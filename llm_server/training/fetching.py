"""Fetching a public base from its hub into the cache, with an answer for whatever is missing."""

import shutil
from pathlib import Path
from typing import Final

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from llm_server.training.bases import GIB, Base
from llm_server.training.refusals import CannotTrain, TrainingRefusal

_WANTED: Final = ("*.json", "*.safetensors", "*.model", "*.jinja", "*.txt")
_SPARE_GIB: Final = 2.0
_UNAUTHORISED: Final = (401, 403)


def fetch(base: Base, *, endpoint: str | None = None, cache: Path | None = None) -> Path:
    """The folder with the base; what is in the cache already is not fetched again.

    Raises CannotTrain: HUB_UNREACHABLE, TOKEN_MISSING, NOT_ON_HUB, NOT_ENOUGH_DISK.
    """
    _refuse_for_disk(base, cache or Path(constants.HF_HUB_CACHE))
    try:
        found = snapshot_download(
            base.hub, allow_patterns=list(_WANTED), endpoint=endpoint, cache_dir=cache
        )
    except GatedRepoError as gated:
        raise CannotTrain(TrainingRefusal.TOKEN_MISSING, _token_advice(base)) from gated
    except RepositoryNotFoundError as absent:
        raise CannotTrain(
            TrainingRefusal.NOT_ON_HUB,
            f"the hub shows no {base.hub} to this account. Where it was renamed, change `hub` in "
            "bases.toml; where it asks for a token, set HF_TOKEN.",
        ) from absent
    except HfHubHTTPError as refused:
        if getattr(refused.response, "status_code", 0) in _UNAUTHORISED:
            raise CannotTrain(TrainingRefusal.TOKEN_MISSING, _token_advice(base)) from refused
        raise CannotTrain(TrainingRefusal.HUB_UNREACHABLE, _reach_advice(base)) from refused
    except (LocalEntryNotFoundError, OSError) as away:
        raise CannotTrain(TrainingRefusal.HUB_UNREACHABLE, _reach_advice(base)) from away
    return Path(found)


def _refuse_for_disk(base: Base, cache: Path) -> None:
    if (cache / f"models--{base.hub.replace('/', '--')}" / "snapshots").exists():
        return
    there = next(folder for folder in (cache, *cache.resolve().parents) if folder.exists())
    free = shutil.disk_usage(there).free / GIB
    need = base.disk_gib + _SPARE_GIB
    if free < need:
        raise CannotTrain(
            TrainingRefusal.NOT_ENOUGH_DISK,
            f"{base.hub} takes about {need:.0f} GiB; {free:.0f} GiB are free at {there}. "
            "Set HF_HOME to a folder with more room.",
        )


def _token_advice(base: Base) -> str:
    return (
        f"the hub gives {base.hub} ({base.licence}) only to an account that has accepted its "
        f"licence: accept it at https://huggingface.co/{base.hub}, then set HF_TOKEN to a token "
        "of that account."
    )


def _reach_advice(base: Base) -> str:
    return (
        f"the hub does not give {base.hub}, and it is not in the cache. Give this machine a way "
        f"there (about {base.disk_gib:.0f} GiB; HF_HUB_OFFLINE must not be set), or fetch it "
        "elsewhere and give the folder: --base FOLDER."
    )
