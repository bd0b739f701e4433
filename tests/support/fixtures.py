"""Fixtures of all tests: a real store, started once a session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dupi.settings import Settings
from dupi.store import StoreDatabase
from tests.support.store import empty_store, fresh_store, running_store, settings_for_tests


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Url of a running store, without a database."""
    with running_store(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(scope="session")
def settings(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a process under test: a database and a folder of this session."""
    return settings_for_tests(store_url, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[StoreDatabase]:
    """The opened store; what is in it stays between tests."""
    async with fresh_store(settings) as opened:
        yield opened


@pytest.fixture
async def store(database: StoreDatabase) -> StoreDatabase:
    """The opened store, empty."""
    await empty_store()
    return database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
