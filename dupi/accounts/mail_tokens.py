"""Tokens that go out by mail: ``<person>.<secret>``, good once and for a while.

The secret is made of a random nonce and the server's own secret. The nonce waits in the queue with
the mail; of the token itself only the hash is stored, and when the mail has gone out nothing else.
So neither a copy of the store nor one of the queue opens an account.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from dupi.accounts.models import MailKind
from dupi.errors import InvalidCredentials

_PURPOSE: Final = b"dupi mail token\n"
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class GivenToken:
    """What somebody sent; ``hash`` stands for the secret half."""

    user_id: str
    hash: str


def new_nonce() -> str:
    return secrets.token_urlsafe(32)


def hash_of(secret: SecretStr, kind: MailKind, nonce: str) -> str:
    """Hash of the token that ``token_text`` makes. Plain SHA-256: there is nothing to guess."""
    return _hash(_secret_half(secret, kind, nonce))


def token_text(secret: SecretStr, kind: MailKind, nonce: str, *, user_id: str) -> str:
    return f"{user_id}.{_secret_half(secret, kind, nonce)}"


def read_token(text: str) -> GivenToken:
    """Raises InvalidCredentials where the text cannot be one of ours."""
    user_id, dot, half = text.strip().partition(".")
    if not (text.isascii() and dot and user_id and half and len(text) <= _LONGEST):
        raise bad_token()
    return GivenToken(user_id, _hash(half))


def bad_token() -> InvalidCredentials:
    """Unknown, spent, expired, replaced by a later one, of something else: all the same."""
    return InvalidCredentials("the token is spent, expired or unknown", reason="mail_token")


def _secret_half(secret: SecretStr, kind: MailKind, nonce: str) -> str:
    own_key = hmac.digest(secret.get_secret_value().encode(), _PURPOSE, hashlib.sha256)
    half = hmac.digest(own_key, f"{kind}\n{nonce}".encode(), hashlib.sha256)
    return urlsafe_b64encode(half).decode().rstrip("=")


def _hash(half: str) -> str:
    return hashlib.sha256(half.encode()).hexdigest()
