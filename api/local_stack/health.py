"""Asks each program of the stack whether it is up, and how far it has come."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import tritonclient.grpc.aio as triton
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from tritonclient.utils import InferenceServerException

_ASK_TIMEOUT_SECONDS: Final = 3.0


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


async def check_triton(address: str) -> Health:
    """Whether Triton is up; the models are loaded when web asks for them."""
    client = triton.InferenceServerClient(address)
    try:
        is_live = await client.is_server_live(client_timeout=_ASK_TIMEOUT_SECONDS)
    except (TimeoutError, InferenceServerException):
        return Health(is_up=False, detail="starting")
    finally:
        await client.close()
    return Health(is_up=bool(is_live))


async def check_advisor(base_url: str) -> Health:
    """vLLM's own health, beside the ``/v1`` of its API."""
    status, _ = await _get(base_url.rstrip("/").removesuffix("/v1") + "/health")
    return Health(is_up=status == httpx.codes.OK, detail="loading the language model")


async def check_web(url: str) -> Health:
    """Ready when all it needs is; says what is not."""
    status, body = await _get(f"{url}/health/ready")
    if status is None:
        return Health(is_up=False, detail="starting")
    return Health(is_up=status == httpx.codes.OK, detail=_what_is_missing(body))


def _what_is_missing(body: object) -> str:
    parts = body.get("parts", {}) if isinstance(body, dict) else {}
    if not isinstance(parts, dict):
        return ""
    waiting = [name for name, part in parts.items() if not _is_ready(part)]
    return f"waits for {', '.join(waiting)}" if waiting else ""


def _is_ready(part: object) -> bool:
    return bool(part.get("ready")) if isinstance(part, dict) else part in (True, "ready", "ok")


async def _get(url: str) -> tuple[int | None, object]:
    try:
        async with httpx.AsyncClient(timeout=_ASK_TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.get(url)
    except httpx.HTTPError:
        return None, None
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.status_code, answer.json() if is_json else None
