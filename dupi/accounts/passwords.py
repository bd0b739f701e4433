"""Passwords: Argon2id, hashed away from the event loop."""

import secrets
from functools import partial

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from dupi.bounded_pool import BoundedPool
from dupi.settings import AccountSettings


class PasswordHasher:
    """Hashes and checks passwords in a bounded pool. Every call may raise Unavailable."""

    def __init__(self, settings: AccountSettings) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=settings.hash_rounds, memory_cost=settings.hash_memory_kib, parallelism=1
        )
        self._pool = BoundedPool(
            "passwords",
            workers=settings.hash_workers,
            queue=settings.hash_queue,
            timeout_seconds=settings.hash_timeout_seconds,
        )
        self._nobodys_hash = self._argon2.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        return await self._pool.run(partial(self._argon2.hash, password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` made ``stored``. ``None``: as slow as any other, and never."""
        return await self._pool.run(partial(self._verify, password, stored)) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether ``stored`` was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def close(self) -> None:
        self._pool.close()

    def _verify(self, password: str, stored: str | None) -> bool:
        try:
            return self._argon2.verify(stored or self._nobodys_hash, password)
        except (VerificationError, InvalidHashError):
            return False
