"""What the stack consists of on this machine: which parts are given, which are started, and how.

An endpoint that the environment names (``DUPI_MONGODB_URL``, ``DUPI_TRITON_URL``,
``DUPI_ADVISOR_URL``, ``DUPI_REDIS_URL``) is used; what it does not name is started here.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from api.local_stack import health, launches
from api.local_stack.health import Check
from api.local_stack.launches import Launch
from api.local_stack.paths import MODEL_REPOSITORY
from api.local_stack.ports import LOOPBACK, free_ports
from api.local_stack.setup.secrets import ADVISOR_KEY, SIGNING, read_secret
from api.local_stack.stubs import Stubs

STORE: Final = "store"
TRITON: Final = "triton"
ADVISOR: Final = "advisor"
REDIS: Final = "redis"
WEB: Final = "web"
"""The first one; others are ``web-2`` and so on."""
WORKER: Final = "worker"
"""Separate ones are ``worker-1``, ``worker-2`` and so on."""


@dataclass(frozen=True)
class PartPlan:
    """``launch`` is ``None`` for what is given. Must be up within ``start_seconds``; ends within
    ``grace_seconds``. ``usual_seconds``: how long starting it takes, for the progress bar.
    ``uses_others``: it is a web or a worker, and stops before what it uses. ``mend`` is called now
    and then with the program's pid, while it is up; names what it had to begin anew."""

    name: str
    title: str
    endpoint: str
    launch: Launch | None
    check: Check
    start_seconds: float
    usual_seconds: float
    grace_seconds: float = 10.0
    uses_others: bool = False
    mend: Callable[[int], Awaitable[list[str]]] | None = None


@dataclass(frozen=True)
class StackShape:
    """How many processes. No ``workers``: each web works too; else webs only serve.
    ``has_redis``: hints and rate limits go through one Redis, which several processes share."""

    webs: int = 1
    workers: int = 0
    has_redis: bool = False


@dataclass(frozen=True)
class StackPlan:
    """``environment``: what web, workers and commands of this stack run with."""

    state: Path
    parts: tuple[PartPlan, ...]
    environment: Mapping[str, str]

    def endpoint(self, name: str) -> str:
        return next(part.endpoint for part in self.parts if part.name == name)

    @property
    def logs(self) -> Path:
        return self.state / "logs"


def plan_stack(
    given: Mapping[str, str],
    *,
    state: Path,
    web_port: int | None = None,
    database: str = "dupi",
    shape: StackShape = StackShape(),
) -> StackPlan:
    """A stack whose state lies in ``state``; ``given`` is the environment that names endpoints.

    ``web_port`` ``None`` takes a free one; webs after the first always do. Needs what the set-up
    makes.
    """
    free = free_ports(5 + shape.webs)
    ports = (web_port or free[5], *free[6:])
    parts = (
        _plan_store(given, state, free[0], database),
        _plan_triton(given, state, free[1], free[2]),
        _plan_advisor(given, free[3]),
        *([_plan_redis(given, free[4])] if shape.has_redis else ()),
    )
    environment = _environment(given, parts, state, ports[0])
    webs = _plan_webs(environment, ports, has_workers=shape.workers > 0)
    workers = _plan_workers(environment, state, shape.workers)
    return StackPlan(state, (*parts, *webs, *workers), environment)


def _plan_store(given: Mapping[str, str], state: Path, port: int, database: str) -> PartPlan:
    url = given.get("DUPI_MONGODB_URL") or f"mongodb://{LOOPBACK}:{port}/{database}"
    launch = None if given.get("DUPI_MONGODB_URL") else launches.launch_store(state / "store", port)
    title = "MongoDB" if launch is None or "mongod" in launch.command[0] else "Embedded store"
    return PartPlan(STORE, title, url, launch, partial(health.check_store, url), 60, 3)


def _plan_triton(given: Mapping[str, str], state: Path, grpc: int, metrics: int) -> PartPlan:
    address = given.get("DUPI_TRITON_URL") or f"{LOOPBACK}:{grpc}"
    is_given = bool(given.get("DUPI_TRITON_URL"))
    repository = Path(given.get("DUPI_MODEL_REPOSITORY") or MODEL_REPOSITORY)
    launch = (
        None if is_given else launches.launch_triton(repository, state, grpc=grpc, metrics=metrics)
    )
    check = partial(health.check_triton, address)
    mend = None if is_given else Stubs(address).forget_dead_models
    return PartPlan(
        TRITON, "Triton, the classifiers", address, launch, check, 900, 60, 15, mend=mend
    )


def _plan_advisor(given: Mapping[str, str], port: int) -> PartPlan:
    url = given.get("DUPI_ADVISOR_URL") or f"http://{LOOPBACK}:{port}/v1"
    is_given = bool(given.get("DUPI_ADVISOR_URL"))
    launch = None if is_given else launches.launch_advisor(port, read_secret(ADVISOR_KEY))
    check = partial(health.check_advisor, url)
    return PartPlan(ADVISOR, "vLLM, the advisor", url, launch, check, 900, 90, 15)


def _plan_redis(given: Mapping[str, str], port: int) -> PartPlan:
    url = given.get("DUPI_REDIS_URL") or f"redis://{LOOPBACK}:{port}/0"
    launch = None if given.get("DUPI_REDIS_URL") else launches.launch_redis(port)
    return PartPlan(REDIS, "Redis", url, launch, partial(health.check_redis, url), 30, 1)


def _plan_webs(
    environment: Mapping[str, str], ports: Sequence[int], *, has_workers: bool
) -> Iterator[PartPlan]:
    own = {"DUPI_ANALYSES__CONCURRENCY": "0"} if has_workers else {}
    title = "Web, the API" if has_workers else "Web, the API and its worker"
    for number, port in enumerate(ports, start=1):
        url, is_first = f"http://{LOOPBACK}:{port}", number == 1
        yield PartPlan(
            name=WEB if is_first else f"{WEB}-{number}",
            title=title if is_first else f"{title} ({number})",
            endpoint=url,
            launch=launches.launch_web({**environment, **own, "DUPI_PORT": str(port)}),
            check=partial(health.check_web, url),
            start_seconds=900,
            usual_seconds=60,
            grace_seconds=20,
            uses_others=True,
        )


def _plan_workers(environment: Mapping[str, str], state: Path, count: int) -> Iterator[PartPlan]:
    for number in range(1, count + 1):
        name = f"{WORKER}-{number}"
        heartbeat = state / "run" / f"{name}.alive"
        yield PartPlan(
            name=name,
            title=f"Worker {number}",
            endpoint="listens nowhere",
            launch=launches.launch_worker(environment, heartbeat),
            check=partial(health.check_worker, heartbeat),
            start_seconds=120,
            usual_seconds=5,
            grace_seconds=20,
            uses_others=True,
        )


def _environment(
    given: Mapping[str, str], parts: tuple[PartPlan, ...], state: Path, port: int
) -> dict[str, str]:
    endpoints = {part.name: part.endpoint for part in parts}
    made = {
        "DUPI_MONGODB_URL": endpoints[STORE],
        "DUPI_TRITON_URL": endpoints[TRITON],
        "DUPI_ADVISOR_URL": endpoints[ADVISOR],
        "DUPI_STORAGE_URL": str(state / "photos"),
        "DUPI_MAIL_URL": f"file:{state / 'outbox'}",
        "DUPI_MODEL_REPOSITORY": str(MODEL_REPOSITORY),
        "DUPI_SECRET": read_secret(SIGNING),
    }
    if REDIS in endpoints:
        made["DUPI_REDIS_URL"] = endpoints[REDIS]
    if not given.get("DUPI_ADVISOR_URL"):
        made["DUPI_ADVISOR_API_KEY"] = read_secret(ADVISOR_KEY)
    own = {name: value for name, value in given.items() if name.startswith("DUPI_") and value}
    return {**made, **own, "DUPI_PORT": str(port)}


def without_credentials(endpoint: str) -> str:
    """``endpoint`` as it may be shown."""
    parts = urlsplit(endpoint)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() or endpoint
