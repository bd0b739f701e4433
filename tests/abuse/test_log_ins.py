"""Hundreds of log-ins: few passwords are hashed, per account and per address."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dupi.accounts.passwords import PasswordHasher
from dupi.adapters.limits import LocalRateLimits
from dupi.resources import Resources
from tests.abuse.raw import with_api
from tests.support.web import PASSWORD, Caller, app_over, caller, operation

TRIES = 300
DOCUMENT = "mutation M($input: LogInInput!) { logIn(input: $input) { __typename } }"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Passwords that were compared with a hash."""
    real, seen = PasswordHasher.matches, list[str]()

    async def counted(self: PasswordHasher, password: str, stored: str | None) -> bool:
        seen.append(password)
        return await real(self, password, stored)

    monkeypatch.setattr(PasswordHasher, "matches", counted)
    yield seen


def stopped(parts: Resources) -> Resources:
    """A minute in which no time passes, behind a proxy that names each caller's address."""
    return replace(with_api(parts, trust_proxy=True), limits=LocalRateLimits(clock=lambda: 0.0))


async def outcomes(who: Caller, tries: list[tuple[str, str]]) -> dict[str, int]:
    """How often which answer came to log-ins of (account, address)."""
    found: dict[str, int] = {}
    for email, address in tries:
        body = {"query": DOCUMENT, "variables": {"input": {"email": email, "password": "x" * 12}}}
        answer = (await who.post(body, **{"X-Forwarded-For": address})).json()
        kind = answer["data"]["logIn"]["__typename"]
        found[kind] = found.get(kind, 0) + 1
    return found


async def test_one_account_from_many_addresses(parts: Resources, hashed: list[str]) -> None:
    most = parts.settings.accounts.log_ins_per_account
    async with caller(app_over(stopped(parts))) as someone:
        await someone.sign_up("mina@example.com")
        someone.token = None
        tries = [("mina@example.com", f"10.0.{n // 250}.{n % 250}") for n in range(TRIES)]
        found = await outcomes(someone, tries)
        assert found == {"InvalidCredentialsError": most, "RateLimitedError": TRIES - most}
        assert len(hashed) == most
        right = {"email": "mina@example.com", "password": PASSWORD}
        refused = await someone.run("LogIn", input=right)  # also the right one must wait
        assert refused["__typename"] == "RateLimitedError"
        assert refused["retryAfterSeconds"] > 0


async def test_many_accounts_from_one_address(parts: Resources, hashed: list[str]) -> None:
    most = parts.settings.accounts.log_ins_per_address
    async with caller(app_over(stopped(parts))) as someone:
        tries = [(f"p{n}@example.com", "10.0.0.1") for n in range(TRIES)]
        found = await outcomes(someone, tries)
        assert found == {"InvalidCredentialsError": most, "RateLimitedError": TRIES - most}
        assert len(hashed) == most


async def test_aliases_are_no_way_around(parts: Resources, hashed: list[str]) -> None:
    one = 'logIn(input: {email: "mina@example.com", password: "xxxxxxxxxxxx"}) { __typename }'
    aliases = " ".join(f"a{n}: {one}" for n in range(5))
    async with caller(app_over(stopped(parts))) as someone:
        for document in (
            f"mutation {{ {aliases} }}",
            f"mutation {{ ...F }} fragment F on Mutation {{ {aliases} }}",
        ):
            answer = await someone.ask(document)
            assert answer["errors"][0]["extensions"]["limit"] == "logIn"
    assert hashed == []
    assert operation("LogIn")
