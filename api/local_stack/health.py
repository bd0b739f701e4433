"""Asks each program of the stack whether it is up, and how far it has come."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import redis.asyncio
import tritonclient.grpc.aio as triton
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from tritonclient.utils import InferenceServerException

from api.heartbeat import SILENT_AFTER_S, silent_for
from dupi.vision.contract import COMPONENTS, ENSEMBLE

_ASK_TIMEOUT_SECONDS: Final = 3.0
_ASK_WEB_TIMEOUT_SECONDS: Final = 10.0
"""Web looks at each of its parts before it answers."""
_TLS: Final = httpx.create_ssl_context(trust_env=False)
"""Made once: reading the certificates takes longer than asking."""


@dataclass(frozen=True)
class Health:
    """``detail``: what it is at, in a few words; ``share``: done so far, where that is known."""

    is_up: bool
    detail: str = ""
    share: float | None = None


Check = Callable[[], Awaitable[Health]]


async def check_store(url: str) -> Health:
    milliseconds = int(_ASK_TIMEOUT_SECONDS * 1000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        url, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds
    )
    try:
        await client.admin.command("ping")
    except PyMongoError:
        return Health(is_up=False, detail="starting")
    finally:
        await client.close()
    return Health(is_up=True)


async def check_triton(addresses: str) -> Health:
    """Up once the ensemble is loaded in every server, which web asks for; says how far one is."""
    found = [await _check_server(address.strip()) for address in addresses.split(",")]
    return next((health for health in found if not health.is_up), found[0])


async def _check_server(address: str) -> Health:
    client = triton.InferenceServerClient(address)
    try:
        index = await client.get_model_repository_index(client_timeout=_ASK_TIMEOUT_SECONDS)
    except (InferenceServerException, TimeoutError):
        return Health(is_up=False, detail="starting")
    finally:
        await client.close()
    return _how_far({model.name for model in index.models if model.state == "READY"})


def _how_far(ready: set[str]) -> Health:
    wanted = (*COMPONENTS, ENSEMBLE)
    loaded = sum(name in ready for name in wanted)
    detail = f"{loaded} of {len(wanted)} models loaded"
    return Health(is_up=ENSEMBLE in ready, detail=detail, share=loaded / len(wanted))


async def check_advisor(base_url: str) -> Health:
    """vLLM's own health, beside the ``/v1`` of its API."""
    status, _ = await _get(base_url.rstrip("/").removesuffix("/v1") + "/health")
    return Health(is_up=status == httpx.codes.OK, detail="loading the language model")


async def check_web(url: str) -> Health:
    """Ready when all it needs is; says what is not."""
    status, body = await _get(f"{url}/health/ready", _ASK_WEB_TIMEOUT_SECONDS)
    if status is None:
        return Health(is_up=False, detail="starting")
    return Health(is_up=status == httpx.codes.OK, detail=_what_is_missing(body))


def _what_is_missing(body: Any) -> str:
    parts = body.get("parts", {}) if isinstance(body, dict) else {}
    waiting = [name for name, part in parts.items() if not part["ready"]]
    return f"waits for {', '.join(waiting)}" if waiting else ""


async def check_redis(url: str) -> Health:
    client = redis.asyncio.from_url(
        url, socket_timeout=_ASK_TIMEOUT_SECONDS, socket_connect_timeout=_ASK_TIMEOUT_SECONDS
    )
    try:
        await client.ping()
    except (RedisError, OSError, TimeoutError):
        return Health(is_up=False, detail="starting")
    finally:
        await client.aclose()
    return Health(is_up=True)


async def check_worker(heartbeat: Path) -> Health:
    """A worker listens nowhere: it touches ``heartbeat`` once its store is open, and then on."""
    silent = silent_for(heartbeat)
    if silent is None:
        return Health(is_up=False, detail="opens the store")
    return Health(is_up=silent < SILENT_AFTER_S, detail="is silent")


async def _get(url: str, seconds: float = _ASK_TIMEOUT_SECONDS) -> tuple[int | None, object]:
    try:
        async with httpx.AsyncClient(timeout=seconds, trust_env=False, verify=_TLS) as client:
            answer = await client.get(url)
    except httpx.HTTPError:
        return None, None
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.status_code, answer.json() if is_json else None
