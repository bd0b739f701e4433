"""Photos in an S3-compatible bucket, for several machines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from dupi.adapters.storage import STORAGE, StoredObject, segments_of
from dupi.concurrency import not_cut_off
from dupi.errors import NotFound, Unavailable
from dupi.settings import BucketSettings

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config

T = TypeVar("T")

_QUEUE: Final = 256
_TRIES: Final = 2
_PART_BYTES: Final = 5 * 2**20
"""The least that S3 takes as a part of something larger."""
_PAGE: Final = 1000
"""As many as S3 lists, and deletes, at once."""
_MAX_PAGES: Final = 1000
_NOTHING: Final = "nothing"
"""Key that no object has."""
_NO_BUCKET: Final = "<Code>NoSuchBucket</Code>"


class BucketStorage:
    """Objects below a prefix of one bucket. At most ``max_calls`` requests are in flight, and
    only so many wait for their turn; every request, its second try included, has one deadline."""

    def __init__(self, store: S3Store, *, timeout_seconds: float, max_calls: int) -> None:
        self._store = store
        self._timeout_seconds = timeout_seconds
        self._turn = asyncio.Semaphore(max_calls)
        self._places = max_calls + _QUEUE

    @classmethod
    def at(cls, url: str, bucket: BucketSettings, *, timeout_seconds: float) -> "BucketStorage":
        """``url``: ``s3://bucket`` or ``s3://bucket/prefix``. Connects with the first call."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"storage url {url!r} is no bucket: give s3://bucket/prefix")
        store = S3Store(
            parts.netloc,
            prefix=prefix or None,
            config=_config(bucket),
            client_options=_client_options(bucket, timeout_seconds),
            retry_config=_retries(timeout_seconds),
        )
        return cls(store, timeout_seconds=timeout_seconds, max_calls=bucket.max_calls)

    async def put(self, key: str, data: bytes) -> None:
        segments_of(key)
        await not_cut_off(self._call(lambda: self._store.put_async(key, data, use_multipart=False)))

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """In parts, each under a deadline; they become an object with the last one. Parts of what
        is given up stay unseen until the bucket's own rule for such uploads removes them."""
        segments_of(key)
        size, writer = (
            0,
            obstore.open_writer_async(self._store, key, buffer_size=_PART_BYTES, max_concurrency=1),
        )
        async for chunk in chunks:
            await self._call(partial(writer.write, chunk))
            size += len(chunk)
        await not_cut_off(self._call(writer.close))
        return size

    async def get(self, key: str) -> bytes:
        return await self._find(key, lambda: self._read(key))

    async def size(self, key: str) -> int:
        return (await self._find(key, lambda: self._store.head_async(key)))["size"]

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        work = partial(self._store.get_range_async, key, start=start, length=length)
        return bytes(await self._find(key, work))

    async def _find(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        segments_of(key)
        try:
            return await self._call(work)
        except _Missing as missing:
            raise NotFound(f"no object {key}") from missing

    async def delete(self, key: str) -> None:
        segments_of(key)
        await self._delete([key])

    async def delete_prefix(self, prefix: str) -> None:
        """Page by page until a listing is empty. Raises Unavailable where that does not end."""
        segments_of(prefix)
        await self._delete([prefix])
        before: list[str] = []
        for _ in range(_MAX_PAGES):
            keys = [found.key for found in await self.list_keys(prefix, at_most=_PAGE)]
            if not keys:
                return
            if keys == before:
                break
            await self._delete(keys)
            before = keys
        raise Unavailable(f"{prefix} does not get empty", reason=STORAGE)

    async def list_keys(
        self, prefix: str, *, after: str | None = None, at_most: int
    ) -> Sequence[StoredObject]:
        segments_of(prefix)
        return await self._call(lambda: self._first(prefix, after, at_most))

    async def tidy(self) -> None:
        """A bucket keeps nothing of a write that was cut off."""

    async def check(self) -> None:
        """Raises Unavailable also where there is no such bucket, or it may not be read."""
        with suppress(_Missing):
            await self._call(lambda: self._read(_NOTHING))

    def close(self) -> None:
        """The client holds nothing that would have to be closed."""

    async def _read(self, key: str) -> bytes:
        answer = await self._store.get_async(key)
        return bytes(await answer.bytes_async())

    async def _first(self, prefix: str, after: str | None, at_most: int) -> list[StoredObject]:
        """By S3's own order."""
        listing = self._store.list(prefix, offset=after, chunk_size=at_most)
        found: Sequence[ObjectMeta] = await anext(aiter(listing), [])
        return [StoredObject(one["path"], one["last_modified"]) for one in found]

    async def _delete(self, keys: list[str]) -> None:
        """Some servers complain about what is not there."""
        try:
            await self._call(lambda: self._store.delete_async(keys))
        except _Missing:
            if len(keys) > 1:
                raise

    async def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        if not self._places:
            raise Unavailable(f"{STORAGE}: full", retry_after_seconds=2, reason=STORAGE)
        self._places -= 1
        try:
            with _translated():
                async with asyncio.timeout(self._timeout_seconds), self._turn:
                    return await work()
        finally:
            self._places += 1


class _Missing(Unavailable):
    """There is no such object."""


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the client's failures into ``Unavailable``: the first line says it, the rest is long."""
    try:
        yield
    except FileNotFoundError as missing:
        kind = Unavailable if _NO_BUCKET in str(missing) else _Missing
        raise kind(_first_line(missing), reason=STORAGE) from missing
    except (BaseError, OSError, ValueError) as failure:
        raise Unavailable(_first_line(failure), reason=STORAGE) from failure


def _first_line(failure: Exception) -> str:
    return f"{STORAGE}: {(str(failure) or 'too slow').splitlines()[0]}"


def _config(bucket: BucketSettings) -> "S3Config":
    """What is not set comes from the usual AWS variables, else from the machine's own role."""
    config: S3Config = {"virtual_hosted_style_request": bucket.endpoint is None}
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    if bucket.region:
        config["region"] = bucket.region
    if bucket.access_key_id and bucket.secret_access_key:
        config["access_key_id"] = bucket.access_key_id.get_secret_value()
        config["secret_access_key"] = bucket.secret_access_key.get_secret_value()
    return config


def _client_options(bucket: BucketSettings, timeout_seconds: float) -> "ClientConfig":
    """One try gets half of the time, so that a second one may follow."""
    one_try = timedelta(seconds=timeout_seconds / _TRIES)
    is_plain = bool(bucket.endpoint and bucket.endpoint.startswith("http://"))
    return {"timeout": one_try, "connect_timeout": one_try, "allow_http": is_plain}


def _retries(timeout_seconds: float) -> "RetryConfig":
    pauses = timedelta(milliseconds=100), timedelta(seconds=1)
    return {
        "max_retries": _TRIES - 1,
        "retry_timeout": timedelta(seconds=timeout_seconds),
        "backoff": {"init_backoff": pauses[0], "max_backoff": pauses[1], "base": 2},
    }
