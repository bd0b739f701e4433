"""Who asks for a mail learns by nothing whether anybody has an account with that e-mail."""

from typing import Any

import pytest

from dupi.accounts.passwords import PasswordHasher
from dupi.resources import Resources
from tests.support.web import Caller

EMAIL = "mina@example.com"


async def test_the_same_work_for_known_and_unknown_emails(
    mina: Caller, anyone: Caller, parts: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write to the store for either, and no password is hashed."""
    collection: Any = type(parts.database["users"])
    seen: list[str] = []
    for name in ("find_one", "update_one", "insert_one", "find_one_and_update", "replace_one"):
        monkeypatch.setattr(collection, name, noted(getattr(collection, name), name, seen))
    for name in ("hash", "matches"):
        monkeypatch.setattr(PasswordHasher, name, noted(getattr(PasswordHasher, name), name, seen))
    work = []
    for email in (EMAIL, "no@example.com"):
        seen.clear()
        answer = await anyone.run("RequestPasswordReset", input={"email": email})
        work.append((answer, list(seen)))
    assert work[0] == work[1]
    assert work[0][1] == ["update_one"]
    log_ins = []
    for email in (EMAIL, "no@example.com"):
        seen.clear()
        answer = await anyone.run("LogIn", input={"email": email, "password": "x" * 12})
        log_ins.append((answer, list(seen)))
    assert log_ins[0] == log_ins[1]
    assert log_ins[0][1].count("matches") == 1


def noted(real: Any, name: str, seen: list[str]) -> Any:
    def call(*args: Any, **options: Any) -> Any:
        seen.append(name)
        return real(*args, **options)

    return call
