"""A few kills on the running stack; hundreds of them, of every process: ``make soak``."""

import random
from pathlib import Path

import pytest

from tests.faults.killer import STAGES, make_orders
from tests.faults.kills import mix_of
from tests.faults.trial import Trial
from tests.faults.victims import Target
from tests.support.outcomes import log_tails
from tests.support.stack import RunningStack

_SEED = 11
_MIX = {Target.WEB: 3, Target.STORE: 2, Target.STUB: 1}
"""The worker runs inside web."""


@pytest.mark.stack
@pytest.mark.last(1)
@pytest.mark.usefixtures("left_at_rest")
async def test_nothing_is_lost_doubled_or_hung_when_parts_are_killed(stack: RunningStack) -> None:
    said: list[str] = []
    trial = Trial(
        stack.control,
        webs=(stack.web_url,),
        folder=Path(stack.environment["DUPI_STORAGE_URL"]),
        seed=_SEED,
        say=said.append,
        is_watched=True,
    )
    report = await trial.run(_MIX, people=3, pause_seconds=1.5)
    assert report.problems == [], "\n".join((*said, log_tails(stack.control)))
    assert len(report.kills) == sum(_MIX.values())
    assert report.outcomes


def test_a_long_run_kills_every_target_at_every_stage() -> None:
    orders = make_orders(mix_of(200), random.Random(_SEED))  # noqa: S311
    assert len(orders) >= 200
    assert {(order.target, order.stage) for order in orders} == {
        (target, stage) for target in Target for stage in STAGES
    }


def test_orders_follow_from_the_seed() -> None:
    def orders(seed: int) -> list[object]:
        return list(make_orders(mix_of(50), random.Random(seed)))  # noqa: S311

    assert orders(1) == orders(1)
    assert orders(1) != orders(2)
