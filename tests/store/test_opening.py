"""Opening the store: indexes by an explicit step, a missing server told soon."""

import asyncio
import os
import subprocess
import sys
import time

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from dupi.accounts.models import User
from dupi.clock import utc_now
from dupi.store import DOCUMENTS, StoreDatabase, create_indexes, ping, store_errors
from tests.support.store import fresh_database_url, settings_for_tests


async def _indexes(url: str, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"DUPI_MONGODB_URL": url, "DUPI_SECRET": "s" * 32} | more
    command = [sys.executable, "-m", "dupi.store", "indexes"]
    return await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )


async def test_the_store_answers(store: StoreDatabase) -> None:
    await ping(store)


async def test_every_index_is_there_and_made_again_without_harm(store: StoreDatabase) -> None:
    await create_indexes()
    for document in DOCUMENTS:
        there = await document.get_pymongo_collection().index_information()
        fields = [[name for name, _ in index["key"]] for index in there.values()]
        for wanted in document.get_settings().indexes or ():
            assert list(wanted.index.document["key"]) in fields


async def test_the_command_makes_indexes(store_url: str) -> None:
    url = fresh_database_url(store_url)
    made = await _indexes(url)
    assert made.returncode == 0
    assert "users: email" in made.stdout
    async with AsyncMongoClient[dict[str, object]](url) as client:
        database: AsyncDatabase[dict[str, object]] = client.get_default_database()
        there = await database["users"].index_information()
        assert [("email", 1)] in [list(index["key"]) for index in there.values()]
        await client.drop_database(database.name)


async def test_times_and_nulls_survive_an_update(store: StoreDatabase) -> None:
    user = User(email="a@example.com", password_hash="x", nickname="미나", birth_year=1990)
    await user.insert()
    now = utc_now()
    await User.get_pymongo_collection().update_one(
        {"_id": user.id}, {"$set": {"created_at": now, "gender": None}}
    )
    read = await User.get(user.id)
    assert read is not None
    assert read.created_at == now
    assert read.gender is None


async def test_a_missing_server_is_told_in_one_line_within_its_deadline() -> None:
    began = time.monotonic()
    made = await _indexes("mongodb://127.0.0.1:9/dupi_test", DUPI_STORE__OPEN_TIMEOUT_SECONDS="0.5")
    assert made.returncode == 1
    assert made.stderr.startswith("the store does not answer: ")
    assert made.stderr.count("\n") == 1
    assert time.monotonic() - began < 15


def test_our_own_faults_stay_faults() -> None:
    with pytest.raises(KeyError), store_errors():
        raise KeyError


def test_only_databases_for_tests_are_touched(store_url: str) -> None:
    with pytest.raises(RuntimeError, match="not one for tests"):
        fresh_database_url("mongodb://127.0.0.1:27017/dupi")
    assert "test" in fresh_database_url(store_url)
    assert "test" in settings_for_tests(store_url, "/nowhere").mongodb_url
