"""The web process: GraphQL, media, health and metrics; workers beside, unless they run elsewhere.

``python -m api.main`` serves on ``DUPI_HOST`` (loopback, unless told otherwise) and ``DUPI_PORT``.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from api.connections import connection_options
from api.graphql import GraphQLApp
from api.health import Readiness, live, metrics
from api.media import Media
from api.middleware import REQUEST_ID, RequestIds
from api.worker import keep_startup_objects, run_workers
from dupi.knowledge.conditions import EXAMPLES
from dupi.logs import get_logger, set_up_logs
from dupi.resources import open_resources
from dupi.settings import Settings, load_settings

_PING_S: Final = 20.0

log = get_logger(__name__)


def create_app(settings: Settings) -> Starlette:
    graphql = GraphQLApp(settings)
    return Starlette(
        routes=[
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            Route("/media/{key:path}", Media(graphql.admission), methods=["GET"]),
            Mount("/guide", StaticFiles(directory=EXAMPLES)),
            Route("/health/live", live),
            Route("/health/ready", Readiness().endpoint),
            Route("/metrics", metrics),
        ],
        middleware=[Middleware(RequestIds), *_cors(settings)],
        lifespan=_lifespan(settings),
    )


def _cors(settings: Settings) -> list[Middleware]:
    if not settings.api.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.api.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            allow_credentials=True,
            expose_headers=[REQUEST_ID, "Retry-After"],
        )
    ]


def _lifespan(
    settings: Settings,
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """Resources are open, and workers at work, for as long as the app serves."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        stop = asyncio.Event()
        async with open_resources(settings) as resources:
            app.state.resources = resources
            workers = asyncio.create_task(run_workers(resources, stop))
            workers.add_done_callback(partial(_end_process_unless, stop))
            keep_startup_objects()
            try:
                yield
            finally:
                stop.set()
                await workers

    return lifespan


def _end_process_unless(stop: asyncio.Event, workers: "asyncio.Task[None]") -> None:
    """Workers that ended by themselves are a fault: whoever watches this process starts another,
    while one that serves without them would only fill the queue."""
    if not stop.is_set():
        log.critical("workers_ended", error=repr(workers.exception()))
        signal.raise_signal(signal.SIGTERM)


def web_server(app: Starlette, settings: Settings, **changes: Any) -> uvicorn.Server:
    """Bounds on frames, silence and shutting down are part of what is served."""
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "ws_max_size": settings.api.max_body_bytes,
        "ws_ping_interval": _PING_S,
        "ws_ping_timeout": _PING_S,
        "timeout_graceful_shutdown": settings.api.shutdown_grace_seconds,
    } | connection_options(settings.api)
    return uvicorn.Server(uvicorn.Config(app, **(options | changes)))


def main() -> None:
    settings = load_settings()
    set_up_logs(settings.logs)
    server = web_server(create_app(settings), settings)
    server.run()
    if not server.started:
        raise SystemExit("web could not start: see the log")


if __name__ == "__main__":
    main()
