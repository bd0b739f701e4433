"""Groups of settings: what a part of the platform can be told. ``settings.py`` joins them."""

from email.utils import parseaddr
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(Group):
    """MongoDB client."""

    open_timeout_seconds: float = Field(5.0, gt=0, description="answer within, at the start")
    operation_timeout_seconds: float = Field(10.0, gt=0, description="one operation at most")
    max_connections: int = Field(20, ge=1, description="connections of one process")


class RedisSettings(Group):
    """Redis client."""

    prefix: str = Field("dupi:", description="before the name of every channel and key")
    timeout_seconds: float = Field(
        0.5, gt=0, description="one call at most; after that, do without Redis"
    )
    ping_seconds: float = Field(5.0, gt=0, description="look whether it still sends hints every")
    max_connections: int = Field(20, ge=3, description="connections of one process")


class BucketSettings(Group):
    """S3 client."""

    endpoint: str | None = Field(
        None, pattern="^https?://", description="S3-compatible server; none: Amazon's"
    )
    region: str | None = Field(None, description="region, where AWS_REGION is not set")
    access_key_id: SecretStr | None = Field(
        None, description="access key; none: the usual AWS variables, or the machine's role"
    )
    secret_access_key: SecretStr | None = Field(None, description="its secret")
    max_calls: int = Field(16, ge=1, description="requests of one process at once")

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("give the access key and its secret, or neither")
        return self


class AccountSettings(Group):
    """Accounts and sessions."""

    issuer: str = Field("dupi", description="`iss` of access tokens")
    audience: str = Field("dupi-api", description="`aud` of access tokens")
    access_token_seconds: int = Field(900, ge=1, description="life of an access token")
    refresh_token_seconds: int = Field(
        30 * 86_400, ge=1, description="life of an unused refresh token"
    )
    max_sessions: int = Field(20, ge=1, description="sessions of one person; the oldest goes")
    hash_memory_kib: int = Field(19_456, ge=8, description="Argon2id memory")
    hash_rounds: int = Field(2, ge=1, description="Argon2id passes")
    hash_workers: int = Field(2, ge=1, description="passwords hashed at once")
    hash_queue: int = Field(32, ge=1, description="passwords that may wait to be hashed")
    hash_timeout_seconds: float = Field(5.0, gt=0, description="hash a password within")
    log_ins_per_account: int = Field(10, ge=1, description="log-ins in a row, per account")
    log_ins_per_address: int = Field(30, ge=1, description="log-ins in a row, per address")
    sign_ups_per_address: int = Field(20, ge=1, description="sign-ups in a row, per address")
    account_refill_seconds: float = Field(
        30.0, gt=0, description="one more log-in per account after"
    )
    address_refill_seconds: float = Field(5.0, gt=0, description="one more per address after")
    exports_per_person: int = Field(3, ge=1, description="archives of one's data in a row")
    export_refill_seconds: float = Field(28_800.0, gt=0, description="one more archive after")
    export_kept_seconds: int = Field(3 * 86_400, ge=60, description="life of an archive")


class MailSettings(Group):
    """Mail to people."""

    sender: str = Field("Dupi <no-reply@localhost>", description="who it comes from")
    send_seconds: float = Field(10.0, gt=0, le=50, description="hand over one mail within")
    poll_seconds: float = Field(5.0, gt=0, description="look for mail to send at least every")
    reset_page: str | None = Field(
        None,
        pattern="^https?://",
        description="page that takes the token behind `#token=`; none: the mail shows it",
    )
    verify_page: str | None = Field(
        None, pattern="^https?://", description="the same, for confirming an e-mail"
    )
    reset_seconds: int = Field(3_600, ge=60, le=86_400, description="life of a reset token")
    verify_seconds: int = Field(3 * 86_400, ge=60, description="life of a confirming token")
    requests_per_email: int = Field(5, ge=1, description="mails asked for in a row, per e-mail")
    requests_per_address: int = Field(20, ge=1, description="in a row, per address")
    tokens_per_address: int = Field(20, ge=1, description="tokens tried in a row, per address")
    email_refill_seconds: float = Field(600.0, gt=0, description="one more per e-mail after")
    address_refill_seconds: float = Field(60.0, gt=0, description="one more per address after")

    @field_validator("reset_page", "verify_page", mode="before")
    @classmethod
    def _read_page(cls, page: object) -> object:
        """An empty one is none."""
        return page or None

    @field_validator("sender")
    @classmethod
    def _check_sender(cls, sender: str) -> str:
        if not sender.isprintable() or "@" not in parseaddr(sender)[1]:
            raise ValueError("give Name <address>, or an address")
        return sender


class PhotoSettings(Group):
    """What photos are taken, and how they are kept."""

    max_bytes: int = Field(15 * 2**20, ge=1, description="size of an uploaded file")
    max_pixels: int = Field(40_000_000, ge=1, description="width × height")
    min_width: int = Field(320, ge=1, description="longer side, at least")
    min_height: int = Field(240, ge=1, description="shorter side, at least")
    max_side: int = Field(2048, ge=64, description="stored photo's longer side, at most")
    thumbnail_side: int = Field(320, ge=16, description="thumbnail's longer side")
    jpeg_quality: int = Field(92, ge=50, le=98, description="JPEG quality of what is stored")
    decode_workers: int = Field(2, ge=1, description="photos decoded at once")
    decode_queue: int = Field(8, ge=0, description="photos that may wait to be decoded")
    decode_timeout_seconds: float = Field(10.0, gt=0, description="decode a photo within")
    storage_timeout_seconds: float = Field(10.0, gt=0, description="store or read an object within")
    url_lifetime_seconds: int = Field(600, ge=1, description="life of a signed url")
    uploads_per_person: int = Field(30, ge=1, description="uploads in a row, per person")
    upload_refill_seconds: float = Field(10.0, gt=0, description="one more per person after")


class AnalysesSettings(Group):
    """Claiming and running analyses."""

    concurrency: int = Field(2, ge=0, description="analyses run at once by one process; 0: none")
    poll_seconds: float = Field(2.0, gt=0, description="look for queued analyses at least every")
    lease_seconds: float = Field(30.0, gt=0, description="a worker silent for this long lost it")
    max_claims: int = Field(5, ge=1, description="workers that may lose it before it fails")
    deadline_seconds: float = Field(120.0, gt=0, description="an analysis ends within")
    classify_timeout_seconds: float = Field(20.0, gt=0, description="classify one photo within")
    max_queued: int = Field(200, ge=1, description="unfinished ones of all people")
    max_wait_seconds: float = Field(30.0, gt=0, description="refuse what would wait longer")
    expected_seconds: float = Field(
        5.0, gt=0, description="one takes about, until workers have told"
    )
    max_running_per_person: int = Field(3, ge=1, description="unfinished ones of one person")
    shutdown_grace_seconds: float = Field(10.0, gt=0, description="finish within, when stopped")


class ReportSettings(Group):
    """Reports for a doctor's visit."""

    workers: int = Field(1, ge=1, le=16, description="reports set at once by one process")
    queue: int = Field(4, ge=0, le=100, description="reports that may wait to be set")
    timeout_seconds: float = Field(20.0, gt=0, description="set a report within")
    reports_per_person: int = Field(10, ge=1, description="reports in a row, per person")
    report_refill_seconds: float = Field(10.0, gt=0, description="one more per person after")


class CommunitySettings(Group):
    """The board."""

    posts_per_person: int = Field(10, ge=1, description="posts and edits in a row, per person")
    post_refill_seconds: float = Field(30.0, gt=0, description="one more post per person after")
    images_per_person: int = Field(20, ge=1, description="post images in a row, per person")
    image_refill_seconds: float = Field(10.0, gt=0, description="one more image per person after")
    comments_per_person: int = Field(20, ge=1, description="comments in a row, per person")
    comment_refill_seconds: float = Field(5.0, gt=0, description="one more comment after")
    likes_per_person: int = Field(60, ge=1, description="likes, or blocks, in a row, per person")
    like_refill_seconds: float = Field(1.0, gt=0, description="one more like per person after")
    reports_per_person: int = Field(10, ge=1, description="reports in a row, per person")
    report_refill_seconds: float = Field(60.0, gt=0, description="one more report after")


class WorkerSettings(Group):
    """A worker that is a process of its own."""

    heartbeat_file: Path | None = Field(
        None, description="touched every few seconds while the worker lives"
    )


class TritonSettings(Group):
    """Triton client."""

    control_timeout_seconds: float = Field(5.0, gt=0, description="health and index calls")
    load_timeout_seconds: float = Field(180.0, gt=0, description="load a model within")
    reconcile_seconds: float = Field(3.0, gt=0, description="compare with the deployment every")


class AdvisorSettings(Group):
    """vLLM client."""

    model: str = Field("dupi-advisor", description="served name of the model")
    other_urls: str | None = Field(
        None, description="where other versions of it may come up, with commas between"
    )
    connect_seconds: float = Field(3.0, gt=0, description="connect within")
    first_token_seconds: float = Field(20.0, gt=0, description="first token within")
    between_tokens_seconds: float = Field(10.0, gt=0, description="each next token within")
    total_seconds: float = Field(60.0, gt=0, description="whole reply within")
    rest_seconds: float = Field(15.0, ge=0, description="leave it alone after it hung, for")


class ApiSettings(Group):
    """GraphQL over HTTP and WebSocket."""

    request_timeout_seconds: float = Field(30.0, gt=0, description="one HTTP request at most")
    cors_origins: tuple[str, ...] = Field((), description="web origins that may call (JSON list)")
    secure_cookies: bool = Field(False, description="cookies over https only")
    trust_proxy: bool = Field(False, description="take the caller's address from X-Forwarded-For")
    graphiql: bool | None = Field(
        None, description="serve GraphiQL, whose scripts come from a CDN (default: on loopback)"
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="bearer token that `/metrics` asks for; none: `/metrics` on loopback only",
    )
    max_body_bytes: int = Field(256 * 1024, ge=1024, description="a request without files, at most")
    requests_at_once: int = Field(
        200, ge=1, description="HTTP requests in work; half of them for one address"
    )
    uploads_at_once: int = Field(12, ge=1, description="of them with files, held in memory")
    uploads_at_once_per_person: int = Field(3, ge=1, description="of them of one person")
    downloads_at_once: int = Field(
        200, ge=1, description="photos and overlays being sent; half of them to one address"
    )
    streams_at_once: int = Field(1000, ge=1, description="WebSockets and event streams open")
    sockets_per_person: int = Field(
        20, ge=1, description="WebSockets and event streams of one person, or address"
    )
    operations_per_socket: int = Field(20, ge=1, description="operations at once on one WebSocket")
    head_timeout_seconds: float = Field(10.0, gt=0, description="a request's headers within")
    write_timeout_seconds: float = Field(
        20.0, gt=0, description="cut off who does not read an answer within"
    )
    init_timeout_seconds: float = Field(10.0, gt=0, description="connection_init within")
    session_check_seconds: float = Field(
        2.0, gt=0, description="open streams look whether their session holds every"
    )
    shutdown_grace_seconds: int = Field(10, ge=0, description="requests end within, when stopped")


class LogSettings(Group):
    """Structured logs."""

    level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level")
    file: Path | None = Field(None, description="write here instead of to stderr")
