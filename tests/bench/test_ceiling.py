"""Shares of the machine's matrix products, and the trunk's settings."""

from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from dupi.vision import contract
from export.triton_configs import component_config, config_text
from tests.bench.ceiling import (
    CONFIGURED,
    PRODUCT,
    RATE,
    SETTINGS,
    SHARE,
    InProcess,
    InTriton,
    Product,
    share_rows,
)
from tests.bench.settings import Setting
from tests.bench.timing import Load


def test_shares_are_taken_round_by_round_of_the_product_on_all_cores() -> None:
    measured: dict[Any, Sequence[Any]] = {
        Product(1): [50.0, 50.0],
        InProcess(8, 1): [40.0, 40.0],
        Product(2): [100.0, 80.0],
        InTriton(CONFIGURED, 16): [Load(2.0, [0.1] * 80), Load(1.0, [0.1] * 40)],
        InTriton("another", 16): [Load(2.0, [0.1] * 80)] * 2,
    }
    rows = {row.what: row.figures for row in share_rows(measured, work=0.5)}
    assert list(rows) == [
        "matrix product, 1 thread",
        "in-process, 8 at a time, 1 thread",
        "matrix product, 2 threads",
        "Triton, 16 at once",
    ]
    assert rows["in-process, 8 at a time, 1 thread"][SHARE].values == (20, 25)
    assert rows["Triton, 16 at once"][RATE].values == (40, 40)
    assert rows["Triton, 16 at once"][PRODUCT].values == (20, 20)
    assert rows["matrix product, 2 threads"][SHARE].median == 100


def test_a_setting_changes_what_it_names_alone() -> None:
    trunk = component_config(contract.TRUNK)
    assert Setting("").of_trunk(contract.TRUNK) == trunk
    setting = Setting("all", batch=4, delay_us=7, threads=2, instances=3)
    text = config_text(setting.of_trunk("another"))
    found = text_format.Parse(text, model_config_pb2.ModelConfig())
    assert (found.name, found.max_batch_size) == ("another", 4)
    assert found.dynamic_batching.max_queue_delay_microseconds == 7
    assert found.parameters["INTRA_OP_THREAD_COUNT"].string_value == "2"
    assert found.instance_group[0].count == 3
    assert max(warm_up.batch_size for warm_up in found.model_warmup) == 4
    assert component_config(contract.TRUNK) == trunk


@pytest.mark.parametrize("setting", SETTINGS[1:], ids=lambda setting: setting.name)
def test_every_setting_is_another_than_the_configured_one(setting: Setting) -> None:
    assert setting.of_trunk("trunk") != SETTINGS[0].of_trunk("trunk")
