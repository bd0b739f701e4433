"""Fixtures of all tests: a real store, started once a session.

Nothing of the platform is imported before a fixture runs: tests of the ml environment, which has
no Beanie, load this file too.
"""

import importlib.util
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dupi.resources import Resources
    from dupi.settings import Settings
    from dupi.store import StoreDatabase


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Where logs are not set up, structlog lets rich draw every traceback with its variables:
    seconds for each that a test provokes."""
    if importlib.util.find_spec("structlog"):
        import structlog

        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        processors = structlog.get_config()["processors"]
        structlog.configure(processors=[*processors[:-1], renderer])


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Url of a running store, without a database."""
    from tests.support.store import running_store

    with running_store(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(scope="session")
def settings(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> "Settings":
    """Settings of a process under test: a database and a folder of this session."""
    from tests.support.store import settings_for_tests

    return settings_for_tests(store_url, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
async def resources(settings: "Settings") -> "AsyncIterator[Resources]":
    """Everything opened on the real store; what is in it stays between tests."""
    from tests.support.store import fresh_resources

    async with fresh_resources(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def database(resources: "Resources") -> "StoreDatabase":
    return resources.database


@pytest.fixture
async def store(database: "StoreDatabase") -> "StoreDatabase":
    """The opened store, empty."""
    from tests.support.store import empty_store

    await empty_store()
    return database
