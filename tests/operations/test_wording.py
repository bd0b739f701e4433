"""Triton's own words, without places."""

import pytest

from dupi.operations.wording import without_places


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "load severity_dandruff: failed to stat /var/models/severity_dandruff/9/model.pt",
            "load severity_dandruff: failed to stat …",
        ),
        ("ipv4:127.0.0.1:8001: refused", "ipv4:…: refused"),
        ("two\n  lines", "two lines"),
        ("Internal: RuntimeError: size mismatch", "Internal: RuntimeError: size mismatch"),
    ],
)
def test_paths_and_addresses_are_left_out(said: str, shown: str) -> None:
    assert without_places(said) == shown


def test_it_has_an_end() -> None:
    assert len(without_places("word " * 500)) == 300
