"""Tokens: signed access tokens that live for minutes, opaque refresh tokens that are used once.

A refresh token is ``<family>.<verifier>``: the family finds the session, the verifier's hash must
be the one that the session holds. Whoever knows the family but not the verifier of now holds a
spent token.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import jwt

from dupi.clock import utc_now
from dupi.errors import InvalidCredentials, Unauthenticated
from dupi.settings import Settings

_ALGORITHM: Final = "HS256"
_PURPOSE: Final = b"dupi access token\n"
_MAX_LENGTH: Final = 2048


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class RefreshToken:
    family: str
    verifier: str

    @property
    def text(self) -> str:
        return f"{self.family}.{self.verifier}"

    @property
    def verifier_hash(self) -> str:
        """Plain SHA-256: the verifier is 256 random bits, so there is nothing to guess."""
        return hashlib.sha256(self.verifier.encode()).hexdigest()

    @classmethod
    def new(cls, family: str | None = None) -> "RefreshToken":
        return cls(family or secrets.token_urlsafe(24), secrets.token_urlsafe(32))

    @classmethod
    def read(cls, text: str) -> "RefreshToken":
        """Raises InvalidCredentials where the text cannot be one of ours."""
        family, dot, verifier = text.partition(".")
        if not (text.isascii() and dot and family and verifier and len(text) <= 200):
            raise InvalidCredentials("no refresh token")
        return cls(family, verifier)


def issue_access_token(settings: Settings, *, user_id: str, session_id: str) -> AccessToken:
    now = utc_now().replace(microsecond=0)
    expires_at = now + timedelta(seconds=settings.accounts.access_token_seconds)
    claims = {
        "iss": settings.accounts.issuer,
        "aud": settings.accounts.audience,
        "iat": now,
        "exp": expires_at,
        "sub": user_id,
        "sid": session_id,
    }
    return AccessToken(jwt.encode(claims, _key(settings), algorithm=_ALGORITHM), expires_at)


def read_access_token(settings: Settings, text: str) -> AccessClaims:
    """Raises Unauthenticated: not ours, another algorithm, audience or issuer, or expired."""
    if len(text) > _MAX_LENGTH:
        raise Unauthenticated("the access token is too long")
    try:
        claims = jwt.decode(
            text,
            _key(settings),
            algorithms=[_ALGORITHM],
            issuer=settings.accounts.issuer,
            audience=settings.accounts.audience,
            options={"require": ["iss", "aud", "iat", "exp", "sub", "sid"]},
        )
    except (jwt.InvalidTokenError, UnicodeError) as invalid:
        raise Unauthenticated(f"access token: {invalid}") from invalid
    return AccessClaims(user_id=str(claims["sub"]), session_id=str(claims["sid"]))


def _key(settings: Settings) -> bytes:
    """A key for tokens alone, so that nothing else that the secret signs is one."""
    return hmac.digest(settings.secret.get_secret_value().encode(), _PURPOSE, hashlib.sha256)
