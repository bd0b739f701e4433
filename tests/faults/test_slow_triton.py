"""Triton that hangs, crawls or is gone without a word: its protocol on the wire, behind a proxy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from api.local_stack.ports import LOOPBACK
from dupi.adapters import triton
from dupi.adapters.triton import Classification, TritonClient, open_triton
from dupi.analyses.models import AnalysisFailureCode, AnalysisStatus
from dupi.analyses.pipeline import run_pipeline
from dupi.errors import Unavailable
from dupi.knowledge.vocabulary import Condition
from dupi.resources import Resources
from dupi.vision import contract as names
from tests.analyses.conftest import advisor, classifier, deployment, platform
from tests.analyses.running import a_queued, claimed, stored
from tests.analyses.test_outages import set_deadline
from tests.support.patience import HANGS_AFTER_S
from tests.support.proxy import Proxy, running_proxy

__all__ = ["advisor", "classifier", "deployment", "platform"]

_IMAGE = np.zeros((names.INPUT_SIZE, names.INPUT_SIZE, 3), dtype=np.uint8)
_SIDE = names.INPUT_SIZE // names.FEATURE_STRIDE


class Server(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Live, and answers every photo alike."""

    inferred = 0

    async def ServerLive(self, request: Any, context: Any) -> Any:  # noqa: N802
        return service_pb2.ServerLiveResponse(live=True)

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.inferred += 1
        answer = service_pb2.ModelInferResponse(model_name=request.model_name)
        for output in request.outputs:
            values = _values(output.name)
            answer.outputs.add(
                name=output.name, datatype=_datatype(values), shape=list(values.shape)
            )
            answer.raw_output_contents.append(values.tobytes())
        return answer


def _values(output: str) -> "np.ndarray[Any, np.dtype[Any]]":
    if output.endswith("VERSION"):  # those of ``a_deployment``
        return np.array([[1 if output == names.TRUNK_VERSION else 4]], dtype=np.int64)
    if output in {names.attention_output(condition) for condition in Condition}:
        return np.zeros((1, _SIDE, _SIDE), dtype=np.float32)
    if output == names.IN_DOMAIN_SCORE:
        return np.ones((1, 1), dtype=np.float32)
    return np.array([[0.97, 0.01, 0.01, 0.01]], dtype=np.float32)


def _datatype(values: "np.ndarray[Any, np.dtype[Any]]") -> str:
    return "INT64" if values.dtype == np.int64 else "FP32"


@dataclass
class Behind:
    client: TritonClient
    proxy: Proxy
    server: Server


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    """Triton behind a proxy, its client, which has spoken with it."""
    listener, server = grpc.aio.server(), Server()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(server, listener)
    port = listener.add_insecure_port(f"{LOOPBACK}:0")
    await listener.start()
    async with (
        running_proxy(port) as proxy,
        open_triton(proxy.address, control_timeout=0.5, load_timeout=0.5, silence=1) as client,
    ):
        assert await client.is_live()
        yield Behind(client, proxy, server)
    await listener.stop(None)


def calls(client: TritonClient) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: client.classify(_IMAGE, timeout=0.5),
        client.is_live,
        lambda: client.is_ready(names.ENSEMBLE),
        client.index,
        lambda: client.pinned_versions(names.ENSEMBLE),
        lambda: client.load(names.ENSEMBLE, {"name": names.ENSEMBLE}),
    ]


async def test_every_call_to_a_server_that_hangs_ends_as_unavailable(behind: Behind) -> None:
    behind.proxy.hang()
    for call in calls(behind.client):
        async with asyncio.timeout(HANGS_AFTER_S):
            with pytest.raises(Unavailable) as failure:
                await call()
        assert failure.value.reason == "classifier"


async def test_a_crawling_server_is_waited_for(behind: Behind) -> None:
    behind.proxy.slow_down(pause_s=0.01, chunk=512)
    async with asyncio.timeout(HANGS_AFTER_S):
        assert (await behind.client.classify(_IMAGE, timeout=HANGS_AFTER_S)).in_domain_score == 1


async def test_a_server_that_is_gone_without_a_word_is_looked_for_anew(behind: Behind) -> None:
    """The connection stands, for all that its kernel knows; whoever listens there now answers."""
    behind.proxy.lose()
    async with asyncio.timeout(HANGS_AFTER_S):
        await _until_answering(behind.client)
    assert behind.proxy.accepted > 1


async def test_abandoned_calls_are_bounded(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton must not see a call cancelled, so each waits on; but not ever more of them."""
    monkeypatch.setattr(triton, "_MAX_IN_FLIGHT", 3)
    behind.proxy.hang()
    for _ in range(3):
        with pytest.raises(Unavailable, match="not within"):
            await behind.client.classify(_IMAGE, timeout=0.01)
    with pytest.raises(Unavailable, match="too many"):
        await behind.client.classify(_IMAGE, timeout=0.01)
    behind.proxy.heal()
    async with asyncio.timeout(HANGS_AFTER_S):
        assert (await _until_classified(behind.client)).in_domain_score == 1
    assert behind.server.inferred == 4


async def test_closing_does_not_wait_for_a_server_that_hangs(behind: Behind) -> None:
    behind.proxy.hang()
    with pytest.raises(Unavailable):
        await behind.client.classify(_IMAGE, timeout=0.01)
    async with asyncio.timeout(HANGS_AFTER_S):
        await behind.client.close()


async def test_an_analysis_fails_in_time_where_triton_hangs_on(
    platform: Resources, behind: Behind
) -> None:
    parts = _impatient(platform, behind.client)
    queued = await a_queued(parts)
    await set_deadline(queued, 2)
    behind.proxy.hang()
    async with asyncio.timeout(HANGS_AFTER_S):
        await run_pipeline(parts, await claimed(parts))
    done = await stored(queued.id)
    assert done.status is AnalysisStatus.FAILED
    assert done.failure is not None
    assert done.failure.retryable
    assert done.failure.code in {
        AnalysisFailureCode.CLASSIFIER_UNAVAILABLE,
        AnalysisFailureCode.DEADLINE_EXCEEDED,
    }


async def test_an_analysis_completes_where_triton_comes_back_in_time(
    platform: Resources, behind: Behind
) -> None:
    parts = _impatient(platform, behind.client)
    queued = await a_queued(parts)
    behind.proxy.hang()
    async with asyncio.timeout(HANGS_AFTER_S):
        work = asyncio.create_task(run_pipeline(parts, await claimed(parts)))
        await asyncio.sleep(1)
        assert not work.done()
        behind.proxy.heal()
        await work
    done = await stored(queued.id)
    assert done.status is AnalysisStatus.COMPLETED, done.failure


def _impatient(platform: Resources, client: TritonClient) -> Resources:
    pace = {"classify_timeout_seconds": 0.3}
    analyses = platform.settings.analyses.model_copy(update=pace)
    settings = platform.settings.model_copy(update={"analyses": analyses})
    return replace(platform, settings=settings, classifier=client, model_servers=(client,))


async def _until_answering(client: TritonClient) -> None:
    while True:
        try:
            await client.is_live()
        except Unavailable:
            await asyncio.sleep(0.05)
        else:
            return


async def _until_classified(client: TritonClient) -> Classification:
    while True:
        try:
            return await client.classify(_IMAGE, timeout=5)
        except Unavailable:
            await asyncio.sleep(0.05)
