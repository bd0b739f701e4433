"""Everything that can be set, from ``DUPI_…`` environment variables. Built at entry points only.

In a container a variable may be a file of its name, in lower case, below ``/run/secrets``.
Groups are nested: ``settings.analyses.lease_seconds`` is ``DUPI_ANALYSES__LEASE_SECONDS``.
``python -m dupi.settings`` prints the table of the README.
"""

import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from dupi.settings_groups import (
    AccountSettings,
    AdvisorSettings,
    AnalysesSettings,
    ApiSettings,
    BucketSettings,
    CommunitySettings,
    Group,
    LogSettings,
    MailSettings,
    PhotoSettings,
    RedisSettings,
    ReportSettings,
    StoreSettings,
    TritonSettings,
    WorkerSettings,
)
from dupi.settings_urls import is_mail_url, is_redis_url

__all__ = [
    "AccountSettings",
    "AdvisorSettings",
    "AnalysesSettings",
    "ApiSettings",
    "BucketSettings",
    "CommunitySettings",
    "Group",
    "LogSettings",
    "MailSettings",
    "PhotoSettings",
    "RedisSettings",
    "ReportSettings",
    "Settings",
    "StoreSettings",
    "TritonSettings",
    "WorkerSettings",
    "load_settings",
    "settings_table",
]

_PREFIX = "DUPI_"
_DELIMITER = "__"
_SECRETS = "/run/secrets"
"""Where Docker, Compose and Kubernetes put the secrets of a container."""


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter=_DELIMITER,
        secrets_dir=_SECRETS,
        secrets_dir_missing="ok",
        frozen=True,
        extra="ignore",
    )

    secret: SecretStr = Field(
        min_length=32, description="signs tokens and urls; keep it, at least 32 characters"
    )
    mongodb_url: str = Field(
        "mongodb://127.0.0.1:27017/dupi", description="MongoDB, with the database's name"
    )
    triton_url: str = Field(
        "127.0.0.1:8001", description="Triton's gRPC, host:port; of several, with commas between"
    )
    advisor_url: str = Field(
        "http://127.0.0.1:8100/v1", description="OpenAI-compatible server of the advisor"
    )
    advisor_api_key: SecretStr | None = Field(None, description="its API key, if it asks for one")
    redis_url: SecretStr | None = Field(
        None, description="Redis, where several processes share hints and rate limits"
    )
    storage_url: str = Field(
        "var/photos", description="photos: a folder, file:///path or s3://bucket/prefix"
    )
    mail_url: SecretStr = Field(
        SecretStr("file:var/outbox"),
        description="mail: `smtp://`, `smtps://[user:password@]host[:port]`, or `file:` a folder",
    )
    model_repository: Path = Field(
        Path("model_repository"), description="published models (manifests are read)"
    )
    host: str = Field("127.0.0.1", min_length=1, description="address that web listens on")
    port: int = Field(8000, ge=1, le=65_535, description="port that web listens on")
    public_url: str | None = Field(
        None, description="how people reach web (default: http://127.0.0.1:port)"
    )

    store: StoreSettings = Field(default_factory=StoreSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    bucket: BucketSettings = Field(default_factory=BucketSettings)
    accounts: AccountSettings = Field(default_factory=AccountSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    photos: PhotoSettings = Field(default_factory=PhotoSettings)
    analyses: AnalysesSettings = Field(default_factory=AnalysesSettings)
    reports: ReportSettings = Field(default_factory=ReportSettings)
    community: CommunitySettings = Field(default_factory=CommunitySettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    triton: TritonSettings = Field(default_factory=TritonSettings)
    advisor: AdvisorSettings = Field(default_factory=AdvisorSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    logs: LogSettings = Field(default_factory=LogSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then files of secrets, those of groups too."""
        return init_settings, env_settings, NestedSecretsSettingsSource(file_secret_settings)

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, url: SecretStr | None) -> SecretStr | None:
        """An empty one is none. What is wrong is told without the url: it may hold a password."""
        if url is None or not url.get_secret_value():
            return None
        if not is_redis_url(url.get_secret_value()):
            raise ValueError("give redis://[user:password@]host[:port][/number], or rediss://")
        return url

    @field_validator("mail_url")
    @classmethod
    def _check_mail_url(cls, url: SecretStr) -> SecretStr:
        if not is_mail_url(url.get_secret_value()):
            raise ValueError("give smtp[s]://[user:password@]host[:port], or file:folder")
        return url

    @field_validator("triton_url")
    @classmethod
    def _check_triton_url(cls, url: str) -> str:
        if not all(one.strip() for one in url.split(",")):
            raise ValueError("give host:port, or several with a comma between each two")
        return url

    @property
    def triton_urls(self) -> tuple[str, ...]:
        """One address a server."""
        return tuple(one.strip() for one in self.triton_url.split(","))

    @property
    def advisor_urls(self) -> tuple[str, ...]:
        """Base urls of the advisor, the usual one first, each once."""
        others = (one.strip() for one in (self.advisor.other_urls or "").split(","))
        return tuple(dict.fromkeys([self.advisor_url, *(one for one in others if one)]))

    @property
    def is_on_loopback(self) -> bool:
        """Whether nobody but this machine reaches web, unless through a proxy on it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:  # some other name
            return False

    @property
    def base_url(self) -> str:
        """How people reach web, without a closing slash."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")


def load_settings() -> Settings:
    """Settings of this process; ends it with one line a problem where they do not fit."""
    try:
        return Settings()
    except ValidationError as invalid:
        raise SystemExit("\n".join(_problems(invalid))) from None


def _problems(invalid: ValidationError) -> Iterator[str]:
    for problem in invalid.errors(include_input=False, include_url=False):
        name = _PREFIX + _DELIMITER.join(map(str, problem["loc"])).upper()
        if problem["type"] == "missing":
            yield f"{name} is not set: give it in the environment"
        else:
            yield f"{name} does not fit: {problem['msg']}"


def settings_table() -> str:
    """Markdown table of every variable, its default and its meaning."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field, group in _fields():
        default = "**required**" if field.is_required() else f"`{_shown(field.default)}`"
        meaning = f"{_title(group)}: {field.description}" if group else field.description
        lines.append(f"| `{_PREFIX}{name.upper()}` | {default} | {meaning} |")
    return "\n".join(lines)


def _title(group: type[Group]) -> str:
    return (group.__doc__ or "").strip(".")


def _shown(default: object) -> object:
    if isinstance(default, SecretStr):  # a default is none
        return default.get_secret_value()
    return "–" if default is None or default == () else default


def _fields() -> Iterator[tuple[str, FieldInfo, type[Group] | None]]:
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            for inner, inner_field in group.model_fields.items():
                yield f"{name}{_DELIMITER}{inner}", inner_field, group
        else:
            yield name, field, None


if __name__ == "__main__":
    sys.stdout.write(settings_table() + "\n")
