"""The set-up, one line a step: what is done already is skipped, what was interrupted is repaired.

The environments are fetched side by side, for they wait for the network; each brings forth what is
built with it as soon as it stands.
"""

import errno
import fcntl
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.local_stack.paths import SETUP_STATE
from api.local_stack.setup.console import Console, SetupError
from api.local_stack.setup.environments import (
    Environment,
    all_environments,
    check_disk,
    serving_environment,
)
from api.local_stack.setup.products import ADVISOR, CLASSIFIERS, TRITON_LAYOUT, Product
from api.local_stack.setup.secrets import make_secrets
from api.local_stack.setup.uv import bring_uv

_OLDEST_GLIBC: Final = (2, 35)
_PRODUCTS: Final = {"ml": (CLASSIFIERS, ADVISOR), "triton": (TRITON_LAYOUT,)}


def main(arguments: Sequence[str]) -> int:
    """Set up; ``arguments`` names parts (``serving``) or nothing for all. The exit status."""
    console = Console()
    try:
        with _alone(console), console.live():
            _set_up(console, only_serving="serving" in arguments)
    except SetupError as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"\n{_explain(problem)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted; the same command goes on from here.\n")
        return 130
    return 0


def _set_up(console: Console, *, only_serving: bool) -> None:
    started = time.monotonic()
    wanted = (serving_environment(),) if only_serving else all_environments()
    missing = [environment for environment in wanted if not environment.is_ready()]
    make_secrets()
    if missing:
        console.say("Setting up (a first time takes some minutes, a later one seconds)")
        check_machine()
        check_disk(missing)
    uv = _bring_uv(console) if missing else Path()
    did_build = _run_chains(console, wanted, uv)
    if missing or did_build:
        console.say(f"  Everything is set up, in {time.monotonic() - started:.0f} s.\n")


def _bring_uv(console: Console) -> Path:
    with console.step("uv, the installer"):
        return bring_uv()


def _run_chains(console: Console, wanted: Sequence[Environment], uv: Path) -> bool:
    """Each environment and what follows from it, side by side; whether there was anything to do."""
    chains: list[Callable[[], bool]] = [
        lambda environment=environment: _chain(console, environment, uv)  # type: ignore[misc]
        for environment in wanted
    ]
    with ThreadPoolExecutor(len(chains)) as pool:
        running = [pool.submit(chain) for chain in chains]
        did_something = [done.result() for done in running]
    return any(did_something)


def _chain(console: Console, environment: Environment, uv: Path) -> bool:
    is_new = not environment.is_ready()
    if is_new:
        with console.step(f"{environment.name} environment"):
            environment.make(uv)
    built = [_build(console, product) for product in _PRODUCTS.get(environment.name, ())]
    return is_new or any(built)


def _build(console: Console, product: Product) -> bool:
    if product.is_built():
        return False
    with console.step(product.title):
        product.build()
    return True


def check_machine() -> None:
    """Raises :class:`SetupError` where the wheels of Triton and vLLM cannot run."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise SetupError(
            f"Dupi's one-machine stack runs on x86-64 Linux; this is {platform.machine()} "
            f"{platform.system()}. Elsewhere, run Triton and vLLM in their containers (README)."
        )
    name, version = platform.libc_ver()
    found = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if name != "glibc" or found < _OLDEST_GLIBC:
        raise SetupError(
            f"Triton's wheel needs glibc 2.35 or later (Debian 12, Ubuntu 22.04); this is {name} "
            f"{version}."
        )


@contextmanager
def _alone(console: Console) -> Iterator[None]:
    """Let one set-up run at a time; a second waits for the first and then finds all done."""
    SETUP_STATE.mkdir(parents=True, exist_ok=True)
    with (SETUP_STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say("Another set-up is running; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _explain(problem: OSError) -> str:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: free some space and run the same command again."
    if problem.errno == errno.EACCES:
        return f"{problem.filename} cannot be written by {os.environ.get('USER', 'this user')}."
    return f"The set-up failed: {problem}"
