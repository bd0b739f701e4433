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
        (
            "DNS resolution failed for triton-2.internal:8001: gone",
            "DNS resolution failed for …: gone",
        ),
        ("no route to localhost:8001.", "no route to …."),
        ("ipv6:[::1]:8001: refused", "ipv6:…: refused"),
        ("ipv6:%5Bfe80::1%25eth0%5D:8001: refused", "ipv6:…: refused"),
        ("from fe80::1ff:fe23 and ::1", "from … and …"),
        ("std::bad_alloc: x[1:3]", "std::bad_alloc: x[1:3]"),
        ("Internal: RuntimeError: size mismatch", "Internal: RuntimeError: size mismatch"),
    ],
)
def test_paths_and_addresses_are_left_out(said: str, shown: str) -> None:
    assert without_places(said) == shown


def test_it_has_an_end() -> None:
    assert len(without_places("word " * 500)) == 300
