"""The advisor: a language model behind an OpenAI-compatible endpoint (vLLM).

A reply is a stream under four deadlines: connecting, the first token, between two tokens, and all
of it. Whatever goes wrong on the way is ``Unavailable``: the advice then comes from the rules, so
nothing is tried twice here. A server that hung is left alone for a while: were every analysis to
find out by itself, those that wait behind them would miss their deadlines.

Sampling is the served model's own (``generation_config.json``): part of its version. Versions are
told apart by the names that are served: ``<model>:<version>``, ``<model>:prompt-<version>`` and
``<model>:rules-<edition>`` stand beside ``<model>``. Whoever asks for a version by its name gets
that one, or none.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from openai import APITimeoutError, AsyncOpenAI, AsyncStream, OpenAIError, Timeout
from openai.types.chat import ChatCompletionChunk

from dupi.errors import Unavailable

_UNAVAILABLE: Final = "advisor"
_VERSION_MARK: Final = ":"
_PROMPT_MARK: Final = "prompt-"
_FIRST_PROMPT: Final = "1"
_RULES_MARK: Final = "rules-"
_FIRST_RULES: Final = "1"
MARKS: Final = (_PROMPT_MARK, _RULES_MARK)
"""With these no version begins."""
_NO_KEY: Final = "none"


Message = Mapping[str, object]
"""``role`` and ``content``, as chat completions take them."""


@dataclass(frozen=True, slots=True)
class AdvisorTimeouts:
    """All in seconds. ``rest``: how long a server that let a deadline pass is not asked again."""

    connect: float
    first_token: float
    between_tokens: float
    total: float
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class AdvisorIdentity:
    """Who answers: ``version`` is absent where the server does not say. ``prompt``: the version of
    the prompt that it was trained on; ``rules``: the edition whose plans it learnt to tell. Servers
    that do not say mean the first."""

    model: str
    version: str | None
    prompt: str = _FIRST_PROMPT
    rules: str = _FIRST_RULES


class Reply(Protocol):
    """A reply as it is written; leaving its context stops the writing."""

    def chunks(self) -> AsyncIterator[str]:
        """Pieces of text, as they come. Raises Unavailable where the stream stalls or is cut."""
        ...


class Advisor(Protocol):
    async def identity(self) -> AdvisorIdentity:
        """Raises Unavailable."""
        ...

    def reply(
        self, messages: Sequence[Message], *, timeout: float, version: str | None = None
    ) -> AbstractAsyncContextManager[Reply]:
        """Begin a reply that may take ``timeout`` seconds at most. Raises Unavailable, also where
        another version than ``version`` is served."""
        ...


class OpenAIAdvisor:
    """An advisor over the chat completions of one served model."""

    def __init__(self, client: AsyncOpenAI, *, model: str, timeouts: AdvisorTimeouts) -> None:
        self._client = client
        self._model = model
        self._timeouts = timeouts
        self._rest = _Rest(timeouts.rest)

    async def identity(self) -> AdvisorIdentity:
        """Our model, with what the other names that are served say of it."""
        self._rest.respect()
        with _translated("models"):
            async with self._rest.after(self._timeouts.first_token):
                served = [card.id async for card in self._client.models.list()]
        if self._model not in served:
            raise Unavailable(f"{self._model} is not served", reason=_UNAVAILABLE)
        prefix = self._model + _VERSION_MARK
        told = [name.removeprefix(prefix) for name in served if name.startswith(prefix)]
        return AdvisorIdentity(
            self._model,
            next((one for one in told if not one.startswith(MARKS)), None),
            _marked(told, _PROMPT_MARK) or _FIRST_PROMPT,
            _marked(told, _RULES_MARK) or _FIRST_RULES,
        )

    @asynccontextmanager
    async def reply(
        self,
        messages: Sequence[Message],
        *,
        timeout: float,  # noqa: ASYNC109
        version: str | None = None,
    ) -> AsyncIterator[Reply]:
        self._rest.respect()
        allowed = min(timeout, self._timeouts.total)
        ends_at = asyncio.get_running_loop().time() + allowed
        with _translated("reply"):
            async with asyncio.timeout(allowed), self._rest.after(self._timeouts.first_token):
                stream = await self._begin(messages, version)
        async with stream:
            yield _StreamedReply(stream, ends_at, self._timeouts, self._rest)

    async def _begin(
        self, messages: Sequence[Message], version: str | None
    ) -> AsyncStream[ChatCompletionChunk]:
        named = self._model if version is None else f"{self._model}{_VERSION_MARK}{version}"
        return await self._client.chat.completions.create(
            model=named, messages=cast(Any, list(messages)), stream=True
        )


def _marked(told: Sequence[str], mark: str) -> str | None:
    return next((one.removeprefix(mark) for one in told if one.startswith(mark)), None)


class _Rest:
    """Remembers, for ``seconds``, that the server let somebody wait in vain."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    @asynccontextmanager
    async def after(self, patience: float) -> AsyncIterator[None]:
        """Wait for the server no longer than that. (Being cut off by another deadline says
        nothing of the server.)"""
        limit = asyncio.timeout(patience)
        try:
            async with limit:
                yield
        except (TimeoutError, APITimeoutError) as late:
            if limit.expired() or isinstance(late, APITimeoutError):
                self._until = asyncio.get_running_loop().time() + self._seconds
            raise

    def respect(self) -> None:
        """Raises Unavailable while the server is left alone."""
        if asyncio.get_running_loop().time() < self._until:
            raise Unavailable("it hung just now", reason=_UNAVAILABLE)


class _StreamedReply:
    def __init__(
        self,
        stream: AsyncStream[ChatCompletionChunk],
        ends_at: float,
        timeouts: AdvisorTimeouts,
        rest: _Rest,
    ) -> None:
        self._stream = stream
        self._ends_at = ends_at
        self._timeouts = timeouts
        self._rest = rest

    async def chunks(self) -> AsyncIterator[str]:
        patience, finished = self._timeouts.first_token, False
        while (chunk := await self._next(patience)) is not None:
            for choice in chunk.choices:
                finished = finished or choice.finish_reason is not None
                if choice.delta.content:
                    patience = self._timeouts.between_tokens
                    yield choice.delta.content
        if not finished:
            raise Unavailable("reply: the stream was cut", reason=_UNAVAILABLE)

    async def _next(self, patience: float) -> ChatCompletionChunk | None:
        with _translated("reply"):
            async with asyncio.timeout_at(self._ends_at), self._rest.after(patience):
                return await anext(self._stream, None)


@asynccontextmanager
async def open_advisor(
    url: str, *, api_key: str | None, model: str, timeouts: AdvisorTimeouts
) -> AsyncIterator[OpenAIAdvisor]:
    """An advisor at the base ``url`` (``http://host:port/v1``); connects with the first call."""
    limit = Timeout(timeouts.total, connect=timeouts.connect)
    async with AsyncOpenAI(
        base_url=url, api_key=api_key or _NO_KEY, timeout=limit, max_retries=0
    ) as client:
        yield OpenAIAdvisor(client, model=model, timeouts=timeouts)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn the client's failures and our own time limits into ``Unavailable``, the cause kept."""
    try:
        yield
    except (OpenAIError, TimeoutError, ValueError) as error:  # ValueError: no JSON
        raise Unavailable(f"{what}: {error!r}", reason=_UNAVAILABLE) from error
