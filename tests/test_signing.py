"""Signed urls: for one key, until a time, by us."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from dupi.clock import utc_now
from dupi.signing import sign_path, signed_path, verify

SECRET = SecretStr("a secret that only tests know, 32+ characters")
KEY = "photos/o/p/original.jpg"


def parts(url: str) -> tuple[str, str, str]:
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path, query["expires"][0], query["signature"][0]


def test_ours_is_good_until_it_expires() -> None:
    path, expires, signature = parts(signed_path(SECRET, KEY, utc_now() + timedelta(minutes=10)))
    assert path == f"/media/{KEY}"
    assert verify(SECRET, KEY, expires=expires, signature=signature)
    late = utc_now() - timedelta(seconds=1)
    _, expires, signature = parts(signed_path(SECRET, KEY, late))
    assert not verify(SECRET, KEY, expires=expires, signature=signature)


def test_anything_else_is_not() -> None:
    expires_at = utc_now() + timedelta(minutes=10)
    expires, signature = str(int(expires_at.timestamp())), sign_path(SECRET, KEY, expires_at)
    other = SecretStr("another secret, as long as the first one is")
    assert verify(SECRET, KEY, expires=expires, signature=signature)
    assert not verify(other, KEY, expires=expires, signature=signature)
    assert not verify(SECRET, KEY + "x", expires=expires, signature=signature)
    assert not verify(SECRET, KEY, expires=str(int(expires) + 1), signature=signature)
    assert not verify(SECRET, KEY, expires=expires, signature=signature.upper())


@pytest.mark.parametrize("expires", ["", "x", "-1", "1e9", "٣", "9" * 30, " 1"])
@pytest.mark.parametrize("signature", ["", "x", "…", "\ud800"])
def test_nonsense(expires: str, signature: str) -> None:
    assert not verify(SECRET, KEY, expires=expires, signature=signature)
    good = str(int(utc_now().timestamp()) + 60)
    assert not verify(SECRET, KEY, expires=good, signature=signature)
