"""A small OpenAI-compatible server for tests of what goes wrong: slow, cut, away, or nonsense."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "dupi-advisor"
VERSION = "7"


@dataclass
class Script:
    """How one reply goes. ``pause_s`` before each chunk; ``cut``: no proper end.

    ``nonsense``: data of a last event that is no JSON. ``by_prompt``: chunks by what is asked, in
    place of ``chunks``.
    """

    chunks: list[str]
    pause_s: float = 0.0
    cut: bool = False
    status: int = 200
    nonsense: str = ""
    by_prompt: Mapping[str, list[str]] = field(default_factory=dict)

    def chunks_for(self, asked: dict[str, Any]) -> list[str]:
        return self.by_prompt.get(asked["messages"][-1]["content"], self.chunks)


@dataclass
class AdvisorServer:
    """Plays ``scripts`` in turn; the last one stays. Keeps what it was asked."""

    url: str = ""
    scripts: deque[Script] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    served: list[str] = field(default_factory=lambda: [MODEL, f"{MODEL}:{VERSION}"])
    abandoned: int = 0

    async def models(self, _: Request) -> Response:
        cards = [
            {"id": name, "object": "model", "created": 0, "owned_by": "t"} for name in self.served
        ]
        return JSONResponse({"object": "list", "data": cards})

    async def complete(self, request: Request) -> Response:
        asked = await request.json()
        self.requests.append(asked)
        if asked["model"] not in self.served:
            return JSONResponse({"error": {"message": "no such model"}}, status_code=404)
        script = self.scripts.popleft() if len(self.scripts) > 1 else self.scripts[0]
        if script.status != 200:
            return JSONResponse({"error": {"message": "no"}}, status_code=script.status)
        return StreamingResponse(self._play(script, asked), media_type="text/event-stream")

    async def _play(self, script: Script, asked: dict[str, Any]) -> AsyncIterator[str]:
        ended = False
        try:
            for chunk in script.chunks_for(asked):
                await asyncio.sleep(script.pause_s)
                yield _event({"content": chunk}, None)
            ended = True
            if script.nonsense:
                yield f"data: {script.nonsense}\n\n"
            if not script.cut:
                yield _event({}, "stop")
                yield "data: [DONE]\n\n"
        finally:
            self.abandoned += not ended


def _event(delta: dict[str, str], finish_reason: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    body = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
        "choices": [choice],
    }
    return f"data: {json.dumps(body)}\n\n"


@asynccontextmanager
async def running_advisor() -> AsyncIterator[AdvisorServer]:
    state = AdvisorServer()
    app = Starlette(
        routes=[
            Route("/v1/models", state.models),
            Route("/v1/chat/completions", state.complete, methods=["POST"]),
        ]
    )
    config = uvicorn.Config(app, port=0, log_config=None, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    state.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield state
    finally:
        server.should_exit = server.force_exit = True
        await task
