"""Secrets of the containers: made once, never again, nobody else's."""

import json
import stat
from pathlib import Path

import yaml

from api.local_stack.paths import ROOT
from api.local_stack.setup.compose_secrets import make_compose_secrets


def test_they_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "compose"
    made = make_compose_secrets(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(made) == sorted(first)
    assert make_compose_secrets(folder) == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == first


def test_each_is_another_and_long(tmp_path: Path) -> None:
    for name in ("one", "other"):
        make_compose_secrets(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        if path.name == "dupi_mail_url":  # no secret until somebody writes one into it
            continue
        assert path.read_text() != (tmp_path / "other" / path.name).read_text()
    assert len((tmp_path / "one" / "dupi_secret").read_text()) >= 32
    assert 6 <= len((tmp_path / "one" / "mongo_keyfile").read_text()) <= 1024


def test_what_was_given_stays_and_the_rest_follows_it(tmp_path: Path) -> None:
    (tmp_path / "redis_password").write_text("given\n")
    (tmp_path / "dupi_mongodb_url").write_text("mongodb://elsewhere/dupi")
    make_compose_secrets(tmp_path)
    assert (tmp_path / "dupi_redis_url").read_text() == "redis://:given@redis:6379/0"
    assert (tmp_path / "redis_conf").read_text() == "requirepass given\n"
    assert (tmp_path / "dupi_mongodb_url").read_text() == "mongodb://elsewhere/dupi"
    [identity] = json.loads((tmp_path / "bucket_identities").read_text())["identities"]
    key = (tmp_path / "dupi_bucket__access_key_id").read_text()
    assert identity["credentials"][0]["accessKey"] == key
    assert all(action.endswith(":dupi-photos") for action in identity["actions"])


def test_only_containers_and_their_owner_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "compose"
    make_compose_secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_none_is_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "var/" in ignored
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for secret in loaded["secrets"].values():
        assert secret["file"].startswith("./var/")
