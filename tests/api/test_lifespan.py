"""Web and its workers live and end together."""

import asyncio
import os
import sys

from api.local_stack.ports import free_ports
from dupi.resources import Resources
from tests.support.patience import HANGS_AFTER_S

_WORKERS_END = """
import api.main

async def run_workers(resources, stop):
    raise RuntimeError("for this test")

api.main.run_workers = run_workers
api.main.main()
"""


async def test_web_ends_where_its_workers_do(resources: Resources) -> None:
    """Whoever watches it starts it again; it never serves on without anybody at work."""
    environment = {
        "PATH": os.environ["PATH"],
        "DUPI_SECRET": resources.settings.secret.get_secret_value(),
        "DUPI_MONGODB_URL": resources.settings.mongodb_url,
        "DUPI_STORAGE_URL": resources.settings.storage_url,
        "DUPI_PORT": str(free_ports(1)[0]),
    }
    web = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKERS_END, env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(HANGS_AFTER_S):
        _, log = await web.communicate()
    assert web.returncode != 0
    assert b"workers_ended" in log
    assert b"for this test" in log
