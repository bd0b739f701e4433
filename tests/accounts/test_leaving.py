"""Nothing of a person who leaves stays behind, wherever it is cut off."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.upkeep import sweep
from dupi.accounts import leaving, service
from dupi.accounts.models import User
from dupi.adapters.storage import FolderStorage
from dupi.analyses.orphans import OrphanSweep
from dupi.clock import epoch_ms, utc_now
from dupi.errors import NotFound, Unauthenticated, Unavailable
from dupi.idempotency import IdempotencyRecord
from dupi.resources import Resources
from tests.accounts.lives import PASSWORD, a_life, leave, settle, time_passes
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.doubles import a_person
from tests.analyses.running import GOOD
from tests.support.advisor_server import AdvisorServer
from tests.support.traces import traces_of

__all__ = ["advisor", "classifier", "deployment", "platform"]

Patch = pytest.MonkeyPatch


class Killed(BaseException):
    """The process ends here: nothing of it runs any more."""


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture(autouse=True)
def good_advice(advisor: AdvisorServer) -> None:
    advisor.scripts.append(GOOD)


async def test_nothing_of_the_person_is_left(platform: Resources, objects: Path) -> None:
    user_id, words = await a_life(platform)
    before = await traces_of(words, platform.database, objects)
    assert {trace.partition(": ")[2] for trace in before} == set(words)
    await leave(platform, user_id)
    ids = {word for word in words if "@" not in word and len(word) == len(user_id)}
    left = await traces_of(words, platform.database, objects)
    # Bare records: of the account, and of the analysis whose worker may still be writing files.
    assert {trace.partition(": ")[0] for trace in left} <= {"users", "analyses"}
    assert {trace.partition(": ")[2] for trace in left} <= ids
    await settle(platform)
    assert await traces_of(words, platform.database, objects) == []


async def test_others_keep_all_of_theirs(platform: Resources, objects: Path) -> None:
    other_id, words = await a_life(platform)
    before = await traces_of(words, platform.database, objects)
    user_id, _ = await a_life(platform)
    await leave(platform, user_id)
    await settle(platform)
    assert set(before) <= set(await traces_of(words, platform.database, objects))
    assert await service.get_user(platform, user_id=other_id)


async def test_the_bare_record_names_nobody(platform: Resources) -> None:
    user_id = await a_person(platform)
    await leave(platform, user_id)
    row = await User.get_pymongo_collection().find_one({"_id": user_id})
    assert row is not None
    known = {"_id", "email", "is_leaving", "keeps_posts", "erase_due_ms", "was_erased"}
    assert {name: value for name, value in row.items() if value and name not in known} == {}
    assert row["email"] == f"left:{user_id}"


async def test_who_has_left_is_nobody(platform: Resources) -> None:
    user_id = await a_person(platform)
    email = (await service.get_user(platform, user_id=user_id)).email
    await leave(platform, user_id)
    with pytest.raises(NotFound):
        await service.get_user(platform, user_id=user_id)
    with pytest.raises(NotFound):
        await service.update_profile(platform, user_id=user_id, nickname="다시")
    for found_by in (email, f"left:{user_id}"):
        with pytest.raises(NotFound):
            await service.find_by_email(platform, email=found_by)
    assert await service.get_users(platform, user_ids=[user_id]) == []
    with pytest.raises(Unauthenticated):
        await leave(platform, user_id)
    assert (await User.get(user_id)).nickname == ""  # type: ignore[union-attr]


async def test_the_email_is_free_at_once(platform: Resources) -> None:
    form: dict[str, Any] = {"email": "mina@example.com", "password": PASSWORD, "nickname": "미나"}
    first = await service.sign_up(platform, birth_year=1991, **form)
    await leave(platform, first.user.id)
    second = await service.sign_up(platform, birth_year=1991, **form)
    assert second.user.id != first.user.id
    await settle(platform)
    await service.authenticate(platform, access_token=second.access_token)


def dying_at(step: int, real: Callable[..., Awaitable[Any]], seen: list[int]) -> Any:
    async def call(*args: Any, **options: Any) -> Any:
        seen.append(step)
        if len(seen) > step:
            raise Killed
        return await real(*args, **options)

    return call


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("method", ["delete_many", "delete_one", "delete_prefix"])
async def test_what_a_killed_process_left_is_finished(
    platform: Resources, objects: Path, monkeypatch: Patch, method: str, step: int
) -> None:
    """Killed at every step that removes anything; then the sweep of another process."""
    user_id, words = await a_life(platform)
    owner: Any = FolderStorage if method == "delete_prefix" else type(platform.database["x"])
    seen: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, dying_at(step, getattr(owner, method), seen))
        try:
            await leave(platform, user_id)
        except Killed:
            assert await traces_of(words, platform.database, objects)
        else:
            assert len(seen) <= step
    with pytest.raises(NotFound):
        await service.get_user(platform, user_id=user_id)
    await settle(platform)
    assert await traces_of(words, platform.database, objects) == []


async def test_a_store_of_photos_that_is_away_does_not_keep_anybody(
    platform: Resources, objects: Path, monkeypatch: Patch
) -> None:
    user_id, words = await a_life(platform)

    async def away(self: FolderStorage, prefix: str) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStorage, "delete_prefix", away)
        await leave(platform, user_id)
        await sweep(platform, OrphanSweep())
        [row] = await User.find({"is_leaving": True}).to_list()
        assert row.erase_due_ms > epoch_ms(utc_now())  # it waits, and holds up no other
    await time_passes()
    await settle(platform)
    assert await traces_of(words, platform.database, objects) == []


async def test_erasers_are_told_whether_posts_stay_and_run_in_their_order(
    platform: Resources,
) -> None:
    told: list[tuple[str, str, bool]] = []

    def eraser(name: str) -> leaving.Eraser:
        async def erase(resources: Resources, user_id: str, *, keep_posts: bool) -> None:
            told.append((name, user_id, keep_posts))

        return erase

    several = replace(platform, erasers=(eraser("community"), eraser("analyses")))
    user_id = await a_person(several)
    await service.delete_account(several, user_id=user_id, password=PASSWORD, keep_posts=True)
    once = [("community", user_id, True), ("analyses", user_id, True)]
    assert told == once
    await settle(several)
    assert told == once * 2


async def test_idempotency_keys_go(platform: Resources) -> None:
    user_id, _ = await a_life(platform)
    assert await IdempotencyRecord.find({"person_id": user_id}).count() == 3
    await leave(platform, user_id)
    assert await IdempotencyRecord.find({"person_id": user_id}).count() == 0
