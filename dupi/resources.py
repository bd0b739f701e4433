"""What web and worker hold open: one typed bundle, opened and closed as one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from dupi.accounts.passwords import PasswordHasher
from dupi.adapters.advisor import Advisor, AdvisorTimeouts, OpenAIAdvisor, open_advisor
from dupi.adapters.hints import Hints, LocalHints
from dupi.adapters.limits import LocalRateLimits, RateLimits
from dupi.adapters.storage import FolderStorage, PhotoStorage
from dupi.adapters.triton import Classifier, ModelServer, TritonClient, open_triton
from dupi.settings import Settings
from dupi.store import StoreDatabase, open_store
from dupi.vision.decoder import ImageDecoder


@dataclass(frozen=True, slots=True)
class Resources:
    """``classifier`` and ``model_server`` are two sides of one Triton client."""

    settings: Settings
    database: StoreDatabase
    storage: PhotoStorage
    hints: Hints
    limits: RateLimits
    passwords: PasswordHasher
    decoder: ImageDecoder
    classifier: Classifier
    model_server: ModelServer
    advisor: Advisor


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open everything. Raises Unavailable where the store is away.

    Triton and vLLM may be away: they are connected to with the first call.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_store(settings))
        triton = await stack.enter_async_context(_triton(settings))
        yield Resources(
            settings=settings,
            database=database,
            storage=stack.enter_context(closing(_storage(settings))),
            hints=LocalHints(),
            limits=LocalRateLimits(),
            passwords=stack.enter_context(closing(PasswordHasher(settings.accounts))),
            decoder=stack.enter_context(closing(ImageDecoder(settings.photos))),
            classifier=triton,
            model_server=triton,
            advisor=await stack.enter_async_context(_advisor(settings)),
        )


def _storage(settings: Settings) -> FolderStorage:
    timeout = settings.photos.storage_timeout_seconds
    return FolderStorage.at(settings.storage_url, timeout_seconds=timeout)


def _triton(settings: Settings) -> AbstractAsyncContextManager[TritonClient]:
    return open_triton(
        settings.triton_url,
        control_timeout=settings.triton.control_timeout_seconds,
        load_timeout=settings.triton.load_timeout_seconds,
    )


def _advisor(settings: Settings) -> AbstractAsyncContextManager[OpenAIAdvisor]:
    key, advisor = settings.advisor_api_key, settings.advisor
    return open_advisor(
        settings.advisor_url,
        api_key=key.get_secret_value() if key else None,
        model=advisor.model,
        timeouts=AdvisorTimeouts(
            connect=advisor.connect_seconds,
            first_token=advisor.first_token_seconds,
            between_tokens=advisor.between_tokens_seconds,
            total=advisor.total_seconds,
        ),
    )
