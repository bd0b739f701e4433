"""Mails in words, Korean and English. The texts are in ``mail_texts.toml`` beside this file."""

import tomllib
from functools import cache
from importlib import resources as files
from typing import Any, Final

from dupi.accounts.models import MailKind
from dupi.knowledge.vocabulary import Locale

_MINUTE: Final = 60
_HOUR: Final = 3600
_UNITS: Final = {Locale.KO: ("분", "시간"), Locale.EN: (" minutes", " hours")}


def subject_of(kind: MailKind, locale: Locale) -> str:
    return str(_texts()[kind.value][locale.lower()]["subject"])


def body_of(kind: MailKind, locale: Locale, *, token: str, page: str | None, seconds: int) -> str:
    """``page``: where a link leads that carries the token behind ``#``, which no server sees;
    ``None``: the token itself is shown. ``seconds``: how long it is good for."""
    how = _texts()["how"][locale.lower()]["link" if page else "code"]
    body = str(_texts()[kind.value][locale.lower()]["body"]).lstrip()
    shown = f"{page}#token={token}" if page else token
    return body.format(how=how, token=shown, life=_life(seconds, locale))


def _life(seconds: int, locale: Locale) -> str:
    minutes, hours = _UNITS[locale]
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE}{minutes}"
    return f"{seconds // _HOUR}{hours}"


@cache
def _texts() -> dict[str, Any]:
    text = (files.files("dupi.accounts") / "mail_texts.toml").read_text("utf-8")
    return tomllib.loads(text)
