"""More than the real Triton and the real vLLM take on: refused at once, and the rest is served."""

import asyncio
from collections.abc import Awaitable

import numpy as np
import pytest
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from dupi.adapters.advisor import AdvisorTimeouts, OpenAIAdvisor, open_advisor
from dupi.advice.prompts import advice_messages
from dupi.errors import Unavailable
from dupi.knowledge.rules import make_plan
from dupi.vision import contract as names
from export.triton_configs import MAX_QUEUED
from llm_server.serve.command import ServeOptions
from tests.knowledge.cases import a_case
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("left_at_rest")]

_ENDS_WITHIN = 120
_SHAPE = (names.INPUT_SIZE, names.INPUT_SIZE, 3)
_ADVICES = ServeOptions.max_streams + ServeOptions.max_waiting


async def _in_order(calls: list[Awaitable[object]]) -> list[object]:
    """Results and failures, in the order in which they came."""

    async def outcome(call: Awaitable[object]) -> object:
        try:
            return await call
        except (InferenceServerException, Unavailable) as failure:
            return failure

    async with asyncio.timeout(_ENDS_WITHIN):
        return [await done for done in asyncio.as_completed([outcome(call) for call in calls])]


def _places(outcomes: list[object]) -> tuple[list[int], list[int]]:
    """Where among the outcomes the refusals stand, and where the answers do."""
    refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)]
    return refused, [n for n in range(len(outcomes)) if n not in set(refused)]


def _has_expired(outcome: object) -> bool:
    """Whether the queue took it, and its time there was over on a machine as slow as that."""
    return "expired" in str(outcome) if isinstance(outcome, Exception) else False


async def test_a_full_triton_refuses_at_once_and_serves_what_it_took(stack: RunningStack) -> None:
    """The trunk's queue is where it is full: what it lets through, the heads work off."""
    image = InferInput(names.IMAGE, [1, *_SHAPE], "UINT8")
    image.set_data_from_numpy(np.zeros((1, *_SHAPE), dtype=np.uint8))
    wanted = [InferRequestedOutput(names.IN_DOMAIN_SCORE)]
    async with InferenceServerClient(stack.triton_url) as client:
        calls = [
            client.infer(names.ENSEMBLE, [image], outputs=wanted, client_timeout=_ENDS_WITHIN)
            for _ in range(4 * MAX_QUEUED)
        ]
        outcomes = await _in_order(calls)
        late = [outcome for outcome in outcomes if _has_expired(outcome)]
        outcomes = [outcome for outcome in outcomes if not _has_expired(outcome)]
        refused, served = _places(outcomes)
        assert len(served) + len(late) >= MAX_QUEUED
        assert refused
        assert max(refused) < max(served)
        assert sum(place < served[len(served) // 2] for place in refused) > len(refused) / 2
        for place in refused:
            failure = outcomes[place]
            assert isinstance(failure, InferenceServerException)
            assert failure.status() == "StatusCode.UNAVAILABLE", failure
            assert "queue" in failure.message()
        await client.infer(names.ENSEMBLE, [image], outputs=wanted, client_timeout=_ENDS_WITHIN)


async def test_a_full_vllm_refuses_at_once_and_serves_what_it_took(stack: RunningStack) -> None:
    patience = AdvisorTimeouts(
        connect=30, first_token=_ENDS_WITHIN, between_tokens=_ENDS_WITHIN, total=_ENDS_WITHIN
    )
    key = stack.environment.get("DUPI_ADVISOR_API_KEY")
    async with open_advisor(
        stack.advisor_url, api_key=key, model="dupi-advisor", timeouts=patience
    ) as advisor:
        outcomes = await _in_order([_first_words(advisor) for _ in range(_ADVICES + 40)])
        refused, served = _places(outcomes)
        assert len(served) >= _ADVICES
        assert refused
        for place in refused:
            assert "cannot accept new requests" in repr(outcomes[place])
        assert sum(place < served[len(served) // 2] for place in refused) > len(refused) / 2
        assert await _first_words(advisor)


async def _first_words(advisor: OpenAIAdvisor) -> str:
    """The beginning of a reply, of which no more is asked."""
    case = a_case({})
    messages = advice_messages(case, make_plan(case))
    async with advisor.reply(messages, timeout=_ENDS_WITHIN) as reply:
        return await anext(aiter(reply.chunks()))
