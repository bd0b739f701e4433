"""Who writes the replies that are evaluated: weights in this process, or a server."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, cast

import torch
from openai import AsyncOpenAI
from peft import PeftModel
from tqdm import tqdm

from dupi.advice.prompts import NEWEST, Message
from dupi.knowledge.rulebook import NEWEST as EDITION
from llm_server.card import CARD_FILE, SERVED_NAME, AdvisorCard, Sampling
from llm_server.merge import load_adapted
from llm_server.serve.command import API_KEY
from llm_server.training.bases import Method
from llm_server.training.generation import Written, write_timed
from llm_server.training.loading import load
from llm_server.training.measures import SENTENCE

_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Reply:
    """``first_sentence_s`` is absent where no sentence came to its end."""

    text: str
    tokens: int
    first_sentence_s: float | None
    whole_s: float


class Writer(Protocol):
    """``at_once``: how many replies are written side by side; ``prompt`` and ``rules``: the
    versions of the prompt and of the rules that it was trained on."""

    name: str
    prompt: str
    rules: str
    sampling: Sampling
    at_once: int

    def write(self, prompts: Sequence[list[Message]]) -> list[Reply]: ...


class WeightsWriter:
    """``transformers.generate`` over a folder: a merged version, a base alone, or weights with an
    adapter."""

    def __init__(self, folder: Path, *, at_once: int, like: Writer | None = None) -> None:
        """``like``: whose prompt, rules and sampling to take, where the folder has no card."""
        card = AdvisorCard.read(folder) if (folder / CARD_FILE).exists() else None
        if card and (folder / "adapter").is_dir():
            self._model, self._tokenizer = load_adapted(folder)
        else:
            loaded = load(str(folder), Method.FULL)
            self._model, self._tokenizer = loaded.model, loaded.tokenizer
        self.name = f"version {card.version}" if card else f"{folder.name} alone"
        told = card or like or AdvisorCard("", prompt=NEWEST, rules=EDITION)
        self.prompt, self.rules, self.sampling = told.prompt, told.rules, told.sampling
        self.at_once = at_once

    def write(self, prompts: Sequence[list[Message]]) -> list[Reply]:
        torch.manual_seed(0)
        written = write_timed(
            self._model, self._tokenizer, prompts, self.sampling, batch_size=self.at_once
        )
        return [self._reply(one) for one in tqdm(written, total=len(prompts), unit="reply")]

    def _reply(self, written: Written) -> Reply:
        length = len(written.token_ids)
        told = next((k for k in range(1, length + 1) if self._has_sentence(written, k)), None)
        first = None if told is None else written.times[told - 1]
        return Reply(written.text, length, first, written.seconds)

    def _has_sentence(self, written: Written, tokens: int) -> bool:
        text = self._tokenizer.decode(written.token_ids[:tokens], skip_special_tokens=True)
        return bool(SENTENCE.search(text))


class AdapterWriter(WeightsWriter):
    """A base with an adapter that was just trained: asked as it was trained, with the usual
    sampling."""

    def __init__(self, base: Path, adapter: Path, *, at_once: int) -> None:
        super().__init__(base, at_once=at_once)
        self.name = f"{adapter} over {base.name}"
        self._model = PeftModel.from_pretrained(self._model, adapter)


class ServedWriter:
    """An OpenAI-compatible server, asked as the platform asks it: sampling is its own."""

    def __init__(self, url: str, card: AdvisorCard, *, at_once: int) -> None:
        self.name = f"version {card.version}, served"
        self.prompt, self.rules, self.sampling = card.prompt, card.rules, card.sampling
        self.at_once = at_once
        self._url = url

    def write(self, prompts: Sequence[list[Message]]) -> list[Reply]:
        return asyncio.run(self._write_all(prompts))

    async def _write_all(self, prompts: Sequence[list[Message]]) -> list[Reply]:
        places, key = asyncio.Semaphore(self.at_once), os.environ.get(API_KEY) or "none"
        async with AsyncOpenAI(base_url=self._url, api_key=key, timeout=_TIMEOUT_S) as client:
            bar = tqdm(total=len(prompts), unit="reply")

            async def one(prompt: list[Message]) -> Reply:
                async with places:
                    reply = await _stream(client, prompt)
                bar.update()
                return reply

            return list(await asyncio.gather(*map(one, prompts)))


async def _stream(client: AsyncOpenAI, prompt: list[Message]) -> Reply:
    text, tokens, first, started = "", 0, None, time.perf_counter()
    stream = await client.chat.completions.create(
        model=SERVED_NAME,
        messages=cast(Any, prompt),
        stream=True,
        stream_options={"include_usage": True},
    )
    async for chunk in stream:
        tokens += chunk.usage.completion_tokens if chunk.usage else 0
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        if first is None and SENTENCE.search(text):
            first = time.perf_counter() - started
    return Reply(text, tokens, first, time.perf_counter() - started)
