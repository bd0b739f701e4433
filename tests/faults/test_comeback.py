"""A stack whose every process was killed starts again, and nothing of before is lost.

Triton and vLLM are given and away, so that this takes seconds; with both of them: ``make soak``.
"""

from pathlib import Path

from api.local_stack.ports import LOOPBACK, free_ports
from tests.faults.comeback import launched, use, what_is_lost


def _given() -> dict[str, str]:
    """Backends that do not answer, and analyses that do not wait for them long."""
    triton, advisor = free_ports(2)
    return {
        "DUPI_MONGODB_URL": "",
        "DUPI_TRITON_URL": f"{LOOPBACK}:{triton}",
        "DUPI_ADVISOR_URL": f"http://{LOOPBACK}:{advisor}/v1",
        "DUPI_ANALYSES__DEADLINE_SECONDS": "10",
        "DUPI_ANALYSES__LEASE_SECONDS": "3",
    }


async def test_what_was_accepted_is_finished_after_everything_was_killed(tmp_path: Path) -> None:
    async with launched(tmp_path / "state", _given()) as stack:
        stack.start()
        await stack.until_it_answers("/health/live")
        before = await use(stack.url, analyses=2)
        stack.kill_everything()
        assert not stack.processes()
        stack.start()
        await stack.until_it_answers("/health/live")
        assert await what_is_lost(before) == []
        await stack.stop()
        assert await stack.left_behind() == []


async def test_nothing_outlives_the_launcher_and_the_keepers(tmp_path: Path) -> None:
    async with launched(tmp_path / "state", _given()) as stack:
        stack.start()
        await stack.until_it_answers("/health/live")
        stack.kill_launcher_and_keepers()
        assert await stack.left_behind() == []
