"""People for the tests of accounts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from dupi.accounts import service
from dupi.accounts.service import SignedIn
from dupi.adapters.limits import LocalRateLimits
from dupi.resources import Resources
from dupi.store import StoreDatabase
from tests.support.letters import LetterBox

PASSWORD = "correct horse battery"
SignUp = Callable[..., Awaitable[SignedIn]]


@pytest.fixture
def letters() -> LetterBox:
    return LetterBox()


@pytest.fixture
def people(resources: Resources, store: StoreDatabase, letters: LetterBox) -> Resources:
    """Resources with an empty store, no tries counted yet and no mail sent."""
    return replace(resources, limits=LocalRateLimits(), mailer=letters)


@pytest.fixture
def sign_up(people: Resources) -> SignUp:
    async def sign_up_with(**changes: Any) -> SignedIn:
        form: dict[str, Any] = {
            "email": "mina@example.com",
            "password": PASSWORD,
            "nickname": "미나",
            "birth_year": 1991,
        }
        return await service.sign_up(people, **(form | changes))

    return sign_up_with
