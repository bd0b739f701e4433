"""What compose.yaml sets, our settings take, and the parts find each other by it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import BaseModel, SecretStr

from api.local_stack.setup.compose_secrets import make_compose_secrets
from dupi.settings import Settings
from llm_server.card import AdvisorCard
from tests.deployment.composed import OURS, command_of, compose, option, services

_WEIGHTS = Path(__file__).parents[2] / "llm_server" / "weights"


def _variables(model: type[BaseModel] = Settings, prefix: str = "DUPI_") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _variables(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def _environment(name: str) -> Mapping[str, str]:
    environment: Mapping[str, str] = services()[name]["environment"]
    return environment


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    make_compose_secrets(folder)
    return folder


@pytest.fixture
def settings(
    monkeypatch: pytest.MonkeyPatch, secrets: Path, request: pytest.FixtureRequest
) -> Settings:
    """Settings as the container of a service has them, built as it builds them."""
    name: str = request.param
    for variable in [name for name in os.environ if name.startswith("DUPI_")]:
        monkeypatch.delenv(variable)
    for variable, value in _environment(name).items():
        monkeypatch.setenv(variable, value)
    given = secrets.parent / name
    given.mkdir(exist_ok=True)
    for secret in services()[name]["secrets"]:
        (given / secret).write_text((secrets / secret).read_text())
    return Settings(_secrets_dir=given)


def _of(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("settings", names, indirect=True)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    known = set(_variables())
    strange = [variable for variable in _environment(name) if variable not in known]
    assert not strange
    ours = [secret.upper() for secret in services()[name]["secrets"]]
    assert set(ours) <= known


@pytest.mark.parametrize("name", OURS)
def test_no_secret_is_in_the_environment(name: str) -> None:
    secret = {
        *("DUPI_SECRET", "DUPI_MONGODB_URL", "DUPI_REDIS_URL"),
        *("DUPI_ADVISOR_API_KEY", "DUPI_MAIL_URL"),
    }
    assert secret <= {secret.upper() for secret in services()[name]["secrets"]}
    assert not secret & set(_environment(name))
    assert not [v for v in _environment(name) if "KEY" in v or "PASSWORD" in v or "TOKEN" in v]


def test_every_secret_is_made_by_the_command(secrets: Path) -> None:
    made = {path.name for path in secrets.iterdir()}
    assert {Path(secret["file"]).name for secret in compose()["secrets"].values()} == made
    for name, secret in compose()["secrets"].items():
        assert Path(secret["file"]) == Path("var/secret/compose") / name


@_of(*OURS)
def test_settings_take_all_of_it(settings: Settings, secrets: Path) -> None:
    assert settings.secret.get_secret_value() == (secrets / "dupi_secret").read_text()
    assert "mongo:27017" in settings.mongodb_url
    assert settings.advisor_api_key
    assert settings.storage_url.startswith("s3://")
    assert settings.mail_url.get_secret_value() == (secrets / "dupi_mail_url").read_text()
    assert str(settings.model_repository) == "/models"


@_of("web", "worker")
def test_parts_find_each_other(settings: Settings) -> None:
    aliases = {
        alias: service
        for name, service in services().items()
        for alias in [name, *_aliases(service["networks"])]
    }
    triton, port = settings.triton_url.split(":")
    assert option(aliases[triton], "--grpc-port") == port
    advisor = urlsplit(settings.advisor_url)
    assert option(aliases[str(advisor.hostname)], "--port") == str(advisor.port)
    mongo = urlsplit(settings.mongodb_url)
    assert (mongo.hostname, mongo.port) == ("mongo", 27017)
    redis = urlsplit(_plain(settings.redis_url))
    assert (redis.hostname, redis.port) == ("redis", 6379)
    bucket = urlsplit(_environment("web")["DUPI_BUCKET__ENDPOINT"])
    assert option(aliases[str(bucket.hostname)], "-s3.port") == str(bucket.port)
    assert option(services()["bucket"], "-bucket") == urlsplit(settings.storage_url).hostname


def _aliases(networks: object) -> list[str]:
    return networks["inside"]["aliases"] if isinstance(networks, dict) else []


def _plain(value: SecretStr | str | None) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


@_of("web", "worker")
def test_the_advisor_is_called_by_the_names_it_is_served_under(settings: Settings) -> None:
    card = AdvisorCard.read(_WEIGHTS)
    for name in ("advisor-cpu", "advisor-gpu"):
        words = command_of(services()[name])
        at = words.index("--served-model-name")
        served = words[at + 1 : at + 3]
        assert served == [settings.advisor.model, f"{settings.advisor.model}:{card.version}"]
        assert services()[name]["volumes"][0]["source"].endswith(f"/advisor/{card.version}")


@_of("web", "worker")
def test_a_stop_leaves_time_to_finish(settings: Settings, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["settings"]
    grace = int(services()[name]["stop_grace_period"].removesuffix("s"))
    needed = {
        "web": settings.api.shutdown_grace_seconds,
        "worker": settings.analyses.shutdown_grace_seconds,
    }
    assert grace >= needed[name] + 10


@_of("web")
def test_web_serves_and_leaves_the_work_to_workers(settings: Settings) -> None:
    assert settings.host == "0.0.0.0"  # noqa: S104
    assert settings.analyses.concurrency == 0


@_of("worker")
def test_the_worker_shows_that_it_lives(settings: Settings) -> None:
    assert settings.analyses.concurrency > 0
    assert settings.worker.heartbeat_file
    assert str(settings.worker.heartbeat_file).startswith("/tmp/")


@_of("web", "worker")
def test_mail_shows_tokens_until_there_are_pages_for_them(settings: Settings) -> None:
    assert settings.mail.sender == "Dupi <no-reply@localhost>"
    assert settings.mail.reset_page is None
    assert settings.mail.verify_page is None
