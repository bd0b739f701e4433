"""What is served against the starting contract, and against the exported file."""

from pathlib import Path

import pytest
from graphql import build_schema, find_breaking_changes, find_dangerous_changes

from schema.export import exported, main
from tests.contract.contract_cut import LATER, contract, contract_so_far

ROOT = Path(__file__).parents[2]
EXPORTED = ROOT / "frontend-contract" / "schema.graphql"


def test_nothing_that_exists_breaks_the_contract() -> None:
    changes = find_breaking_changes(contract_so_far(), build_schema(exported()))
    assert [change.description for change in changes] == []


def test_nothing_that_exists_differs_in_ways_that_clients_may_notice() -> None:
    changes = find_dangerous_changes(contract_so_far(), build_schema(exported()))
    assert [change.description for change in changes] == []


def test_what_is_left_out_is_what_the_list_says() -> None:
    ours = build_schema(exported())
    for name in LATER:
        owner, _, field = name.partition(".")
        assert field not in getattr(ours.type_map[owner], "fields", {}), f"{name} exists by now"


def test_nothing_is_named_otherwise_than_in_the_contract() -> None:
    extra = find_breaking_changes(build_schema(exported()), contract())
    assert [change.description for change in extra] == []


def test_the_exported_file_is_what_the_code_serves() -> None:
    """Renew it by ``python -m schema.export > frontend-contract/schema.graphql``."""
    assert EXPORTED.read_text("utf-8") == exported()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == exported()
