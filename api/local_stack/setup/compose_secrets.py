"""``python -m api.local_stack.setup.compose_secrets``: what the containers of compose.yaml share.

Makes what is missing in ``var/secret/compose``, one file a secret, and leaves alone what is there:
whoever has a store or a bucket elsewhere writes its url or keys into these files, and everybody the
url of their mail server: until then mail lies in the workers' own /tmp/outbox. The folder is its
owner's alone; the files in it are readable, for containers read them as users of their own.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from api.local_stack.paths import SECRETS

COMPOSE_SECRETS: Final = SECRETS / "compose"
_BYTES: Final = 32
_KEYFILE_BYTES: Final = 512
"""Of base64 in MongoDB's key file, at most 1,024 characters."""

_RANDOM: Final[Mapping[str, Callable[[], str]]] = {
    "dupi_secret": lambda: secrets.token_urlsafe(_BYTES),
    "dupi_advisor_api_key": lambda: secrets.token_urlsafe(_BYTES),
    "dupi_api__metrics_token": lambda: secrets.token_urlsafe(_BYTES),
    "dupi_bucket__access_key_id": lambda: secrets.token_hex(10),
    "dupi_bucket__secret_access_key": lambda: secrets.token_hex(_BYTES),
    "mongo_keyfile": lambda: secrets.token_hex(_KEYFILE_BYTES // 2),
    "mongo_root_password": lambda: secrets.token_hex(_BYTES),
    "mongo_dupi_password": lambda: secrets.token_hex(_BYTES),
    "redis_password": lambda: secrets.token_hex(_BYTES),
}


_PLAIN: Final[Mapping[str, Callable[[], str]]] = {"dupi_mail_url": lambda: "file:/tmp/outbox"}


def _mongodb_url(made: Mapping[str, str]) -> str:
    password = made["mongo_dupi_password"]
    return f"mongodb://dupi:{password}@mongo:27017/dupi?replicaSet=dupi&authSource=dupi"


def _redis_url(made: Mapping[str, str]) -> str:
    return f"redis://:{made['redis_password']}@redis:6379/0"


def _redis_conf(made: Mapping[str, str]) -> str:
    return f"requirepass {made['redis_password']}\n"


def _bucket_identities(made: Mapping[str, str]) -> str:
    keys = {
        "accessKey": made["dupi_bucket__access_key_id"],
        "secretKey": made["dupi_bucket__secret_access_key"],
    }
    actions = [f"{action}:dupi-photos" for action in ("Read", "Write", "List")]
    identity = {"name": "dupi", "credentials": [keys], "actions": actions}
    return json.dumps({"identities": [identity]})


_DERIVED: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "dupi_mongodb_url": _mongodb_url,
    "dupi_redis_url": _redis_url,
    "redis_conf": _redis_conf,
    "bucket_identities": _bucket_identities,
}


def make_compose_secrets(folder: Path = COMPOSE_SECRETS) -> list[str]:
    """Names of the files that were made; what is there stays."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    given = {**_RANDOM, **_PLAIN}
    added = [name for name, value in given.items() if _write(folder / name, value)]
    made = {name: (folder / name).read_text().strip() for name in _RANDOM}
    for name, derive in _DERIVED.items():
        if _write(folder / name, lambda derive=derive: derive(made)):  # type: ignore[misc]
            added.append(name)
    return added


def _write(path: Path, value: Callable[[], str]) -> bool:
    """Whether it had to be made; it appears whole or not at all."""
    if path.exists() and path.stat().st_size:
        return False
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(value())
    partial.chmod(0o644)
    partial.rename(path)
    return True


def main() -> None:
    added = make_compose_secrets()
    shown = COMPOSE_SECRETS.relative_to(SECRETS.parents[1])
    sys.stdout.write(f"{len(added)} secrets made, all are in {shown}\n")


if __name__ == "__main__":
    main()
