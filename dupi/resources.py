"""What web and worker hold open: one typed bundle, opened and closed as one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field

from dupi.accounts.archive import Exporter
from dupi.accounts.leaving import Eraser
from dupi.accounts.passwords import PasswordHasher
from dupi.adapters.advisor import AdvisorTimeouts
from dupi.adapters.advisors import Advisors, KnownAdvisors, open_advisors
from dupi.adapters.buckets import BucketStorage
from dupi.adapters.hints import Hints, LocalHints
from dupi.adapters.limits import LocalRateLimits, RateLimits
from dupi.adapters.mail import Mailer, open_mailer
from dupi.adapters.redis_client import open_redis
from dupi.adapters.redis_hints import HintTimes, open_redis_hints
from dupi.adapters.redis_limits import RedisRateLimits
from dupi.adapters.storage import FolderStorage, PhotoStorage
from dupi.adapters.triton import Classifier, ModelServer, TritonClient
from dupi.adapters.triton_fleet import TritonFleet, open_fleet
from dupi.analyses.capacity import Desk
from dupi.operations.shadowing import Shadowing
from dupi.personal_data import ERASERS, EXPORTERS
from dupi.reports.printing import ReportPrinter
from dupi.settings import Settings
from dupi.store import StoreDatabase, open_store
from dupi.vision.decoder import ImageDecoder


@dataclass(frozen=True, slots=True)
class Resources:
    """``classifier`` is all Triton servers as one, ``model_servers`` each for itself."""

    settings: Settings
    database: StoreDatabase
    storage: PhotoStorage
    hints: Hints
    limits: RateLimits
    mailer: Mailer
    passwords: PasswordHasher
    decoder: ImageDecoder
    reports: ReportPrinter
    classifier: Classifier
    model_servers: tuple[ModelServer, ...]
    advisors: Advisors
    admission: Desk = field(default_factory=Desk)
    """An analysis is let in there, so that two never count the same room."""
    shadowing: Shadowing = field(default_factory=Shadowing)
    """Candidate heads that see what the live ones see; at work where a worker is."""
    erasers: tuple[Eraser, ...] = ERASERS
    """What every noun does when a person leaves, in this order."""
    exporters: tuple[Exporter, ...] = EXPORTERS
    """What every noun hands out of a person."""


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open everything. Raises Unavailable where the store is away.

    Triton, vLLM and Redis may be away: they are connected to when they are there.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_store(settings))
        classifier, servers = await stack.enter_async_context(_triton(settings))
        hints, limits = await stack.enter_async_context(_shared(settings))
        yield Resources(
            settings=settings,
            database=database,
            storage=stack.enter_context(closing(_storage(settings))),
            hints=hints,
            limits=limits,
            mailer=_mailer(settings),
            passwords=stack.enter_context(closing(PasswordHasher(settings.accounts))),
            decoder=stack.enter_context(closing(ImageDecoder(settings.photos))),
            reports=stack.enter_context(closing(ReportPrinter(settings.reports))),
            classifier=classifier,
            model_servers=servers,
            advisors=await stack.enter_async_context(_advisors(settings)),
        )


@asynccontextmanager
async def _shared(settings: Settings) -> AsyncIterator[tuple[Hints, RateLimits]]:
    """Hints and rate limits: of all processes through Redis; of this one where there is none."""
    if settings.redis_url is None:
        yield LocalHints(), LocalRateLimits()
        return
    redis, url = settings.redis, settings.redis_url.get_secret_value()
    timeout, times = redis.timeout_seconds, HintTimes(redis.timeout_seconds, redis.ping_seconds)
    async with (
        open_redis(url, timeout_seconds=timeout, max_connections=redis.max_connections) as client,
        open_redis_hints(client, prefix=redis.prefix, times=times) as hints,
    ):
        yield hints, RedisRateLimits(client, prefix=redis.prefix, timeout_seconds=timeout)


def _storage(settings: Settings) -> PhotoStorage:
    url, timeout = settings.storage_url, settings.photos.storage_timeout_seconds
    if url.startswith("s3://"):
        return BucketStorage.at(url, settings.bucket, timeout_seconds=timeout)
    return FolderStorage.at(url, timeout_seconds=timeout)


def _mailer(settings: Settings) -> Mailer:
    mail, url = settings.mail, settings.mail_url.get_secret_value()
    return open_mailer(url, sender=mail.sender, timeout_seconds=mail.send_seconds)


def _triton(
    settings: Settings,
) -> AbstractAsyncContextManager[tuple[TritonFleet, tuple[TritonClient, ...]]]:
    return open_fleet(
        settings.triton_urls,
        control_timeout=settings.triton.control_timeout_seconds,
        load_timeout=settings.triton.load_timeout_seconds,
    )


def _advisors(settings: Settings) -> AbstractAsyncContextManager[KnownAdvisors]:
    key, advisor = settings.advisor_api_key, settings.advisor
    return open_advisors(
        settings.advisor_urls,
        api_key=key.get_secret_value() if key else None,
        model=advisor.model,
        timeouts=AdvisorTimeouts(
            connect=advisor.connect_seconds,
            first_token=advisor.first_token_seconds,
            between_tokens=advisor.between_tokens_seconds,
            total=advisor.total_seconds,
            rest=advisor.rest_seconds,
        ),
    )
