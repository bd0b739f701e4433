"""Tiny networks: threads that wait for each other cost more than they bring."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture takes longer than a tiny training; tests/export/test_train.py draws them."""
    monkeypatch.setattr("export.train.draw_curves", lambda *_: None)
