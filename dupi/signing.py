"""Signed, short-lived urls: HMAC-SHA256 over an object's key and the time it expires."""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote

from pydantic import SecretStr

from dupi.clock import from_epoch_ms, utc_now

_PURPOSE = b"dupi media url\n"


def sign_path(secret: SecretStr, key: str, expires_at: datetime) -> str:
    """Signature (hex) of ``key``, good until ``expires_at`` (whole seconds)."""
    message = f"{_seconds(expires_at)}\n{key}".encode()
    own_key = hmac.digest(secret.get_secret_value().encode(), _PURPOSE, hashlib.sha256)
    return hmac.new(own_key, message, hashlib.sha256).hexdigest()


def signed_path(secret: SecretStr, key: str, expires_at: datetime) -> str:
    """``/media/<key>?expires=…&signature=…``"""
    signature = sign_path(secret, key, expires_at)
    return f"/media/{quote(key)}?expires={_seconds(expires_at)}&signature={signature}"


def verify(secret: SecretStr, key: str, *, expires: str, signature: str) -> bool:
    """Whether the signature is ours, for this key and time, and the time is not over."""
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 11):
        return False
    expires_at = from_epoch_ms(int(expires) * 1000)
    genuine = hmac.compare_digest(
        sign_path(secret, key, expires_at).encode(), signature.encode(errors="replace")
    )
    return genuine and utc_now() < expires_at


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
