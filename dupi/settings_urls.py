"""Which urls of settings fit. What is wrong is told without the url: it may hold a password."""

from typing import Final
from urllib.parse import urlsplit

_SMTP: Final = {"smtp", "smtps"}


def is_redis_url(url: str) -> bool:
    return _has_host(url, {"redis", "rediss"})


def is_mail_url(url: str) -> bool:
    """A server with nothing behind its port, or a folder."""
    if not _has_host(url, _SMTP):
        return _is_folder(url)
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query and not parts.fragment


def _has_host(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname and parts.port != 0)
    except ValueError:  # for one, a port that is no number
        return False


def _is_folder(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "file" and parts.netloc in {"", "localhost"} and bool(parts.path)
