"""Settings come from the environment; what is missing or wrong is one clear line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dupi.settings import Settings, load_settings, settings_table

SECRET = "a secret that only tests know, 32+ characters"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DUPI_")]:
        monkeypatch.delenv(name)


def test_only_the_secret_has_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPI_SECRET", SECRET)
    settings = load_settings()
    assert settings.secret.get_secret_value() == SECRET
    assert settings.base_url == "http://127.0.0.1:8000"
    assert SECRET not in repr(settings)


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "DUPI_SECRET": SECRET,
        "DUPI_MONGODB_URL": "mongodb://db:27017/scalp",
        "DUPI_PORT": "9000",
        "DUPI_PUBLIC_URL": "https://dupi.example/",
        "DUPI_ANALYSES__LEASE_SECONDS": "7.5",
        "DUPI_API__CORS_ORIGINS": '["https://app.example"]',
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.mongodb_url == "mongodb://db:27017/scalp"
    assert (settings.port, settings.base_url) == (9000, "https://dupi.example")
    assert settings.analyses.lease_seconds == 7.5
    assert settings.api.cors_origins == ("https://app.example",)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DUPI_SECRET", None, "DUPI_SECRET is not set: give it in the environment"),
        ("DUPI_SECRET", "short", "DUPI_SECRET does not fit: .*at least 32"),
        ("DUPI_REDIS_URL", "http://short", "DUPI_REDIS_URL does not fit: .*redis://"),
        ("DUPI_REDIS_URL", "redis://:short#@host", "DUPI_REDIS_URL does not fit: .*redis://"),
        ("DUPI_REDIS_URL", "redis://u:p/short@host", "DUPI_REDIS_URL does not fit: .*redis://"),
        ("DUPI_BUCKET__ENDPOINT", "minio:9000", "DUPI_BUCKET__ENDPOINT does not fit"),
        ("DUPI_BUCKET__SECRET_ACCESS_KEY", "short", "DUPI_BUCKET does not fit: .*or neither"),
        ("DUPI_MAIL_URL", "http://short", "DUPI_MAIL_URL does not fit: .*smtp"),
        ("DUPI_MAIL_URL", "smtp://u:short@", "DUPI_MAIL_URL does not fit: .*smtp"),
        ("DUPI_MAIL_URL", "smtp://host/short", "DUPI_MAIL_URL does not fit: .*smtp"),
        ("DUPI_MAIL_URL", "smtp://host?short", "DUPI_MAIL_URL does not fit: .*smtp"),
        ("DUPI_MAIL_URL", "file://elsewhere/short", "DUPI_MAIL_URL does not fit: .*smtp"),
        ("DUPI_MAIL__SENDER", "short", "DUPI_MAIL__SENDER does not fit: .*address"),
        ("DUPI_MAIL__SENDER", "a@b.c\r\nBcc: short@b.c", "DUPI_MAIL__SENDER does not fit"),
        ("DUPI_TRITON_URL", "one:8001,", "DUPI_TRITON_URL does not fit: .*comma"),
        ("DUPI_PORT", "99999", "DUPI_PORT does not fit"),
        ("DUPI_ANALYSES__LEASE_SECONDS", "0", "DUPI_ANALYSES__LEASE_SECONDS does not fit"),
        ("DUPI_ANALYSES__LEESE", "1", "DUPI_ANALYSES__LEESE does not fit"),
    ],
)
def test_what_does_not_fit_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, line: str
) -> None:
    monkeypatch.setenv("DUPI_SECRET", SECRET)
    monkeypatch.delenv(name, raising=False)
    if value is not None:
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load_settings()
    assert re.match(line, str(ended.value))
    assert "\n" not in str(ended.value)
    assert "short" not in str(ended.value)


@pytest.mark.parametrize(
    "url", ["redis://localhost", "redis://me:short@host:6380/3", "rediss://[::1]:6379/0"]
)
def test_a_redis_url_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DUPI_SECRET", SECRET)
    monkeypatch.setenv("DUPI_REDIS_URL", url)
    settings = load_settings()
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == url
    assert url not in repr(settings)
    monkeypatch.setenv("DUPI_REDIS_URL", "")
    assert load_settings().redis_url is None


@pytest.mark.parametrize(
    "url",
    ["smtp://relay", "smtps://me:p%40ss@mail.example:465", "file:/tmp/outbox", "file:var/outbox"],
)
def test_a_mail_url_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DUPI_SECRET", SECRET)
    monkeypatch.setenv("DUPI_MAIL_URL", url)
    settings = load_settings()
    assert settings.mail_url.get_secret_value() == url
    assert url not in repr(settings)


def test_several_triton_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPI_SECRET", SECRET)
    assert load_settings().triton_urls == ("127.0.0.1:8001",)
    monkeypatch.setenv("DUPI_TRITON_URL", "one:8001, two:8001")
    assert load_settings().triton_urls == ("one:8001", "two:8001")


def test_every_setting_has_its_line_in_the_table() -> None:
    table = settings_table()
    assert table.count("\n| `DUPI_") == len(re.findall(r"^\| `DUPI_", table, re.MULTILINE))
    assert "| `DUPI_SECRET` | **required** |" in table
    assert "| `DUPI_ANALYSES__LEASE_SECONDS` | `30.0` |" in table
    assert "None" not in table
    for row in table.splitlines()[2:]:
        name, _, meaning = (cell.strip() for cell in row.strip("|").split(" | "))
        assert meaning, name


def test_the_table_is_printed() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "dupi.settings"], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == settings_table()


def test_the_readme_shows_the_table() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    assert settings_table() in readme, "put the output of `python -m dupi.settings` into README.md"


def test_settings_do_not_change() -> None:
    settings = Settings.model_validate({"secret": SECRET})
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_secrets_may_be_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As containers get them; what the environment says goes first."""
    (tmp_path / "dupi_secret").write_text(f"{SECRET}\n")
    (tmp_path / "dupi_mongodb_url").write_text("mongodb://file/dupi")
    (tmp_path / "dupi_analyses__lease_seconds").write_text("9")
    (tmp_path / "something_else").write_text("of another program")
    monkeypatch.setenv("DUPI_MONGODB_URL", "mongodb://environment/dupi")
    settings = Settings(_secrets_dir=tmp_path)
    assert settings.secret.get_secret_value() == SECRET
    assert settings.mongodb_url == "mongodb://environment/dupi"
    assert settings.analyses.lease_seconds == 9
