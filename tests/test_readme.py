"""The README says what is so."""

import re

from api.local_stack.paths import ROOT

_README = (ROOT / "README.md").read_text()


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", _README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_its_commands_are_commands() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in re.findall(r"(?:`|^)make ([a-z-]+)", _README, re.MULTILINE):
        assert command in known, command
