"""The ratio that the advisor's section ends with."""

from tests.bench.advisor import RATIO, SEQUENTIAL, VLLM, Batch, ratio_row


def test_the_ratio_is_of_tokens_a_second_turn_by_turn() -> None:
    batches = {
        (16, VLLM): [Batch(2.0, 800), Batch(1.0, 600), Batch(4.0, 1000)],
        (16, SEQUENTIAL): [Batch(8.0, 400), Batch(10.0, 500), Batch(10.0, 500)],
    }
    row = ratio_row(16, batches)
    assert (row.what, row.at_once) == (RATIO, 16)
    assert sorted(row.figures["tokens/s"].values) == [5.0, 8.0, 12.0]
    assert row.figures["tokens/s"].median == 8.0
