"""Documents made to burn seconds: refused with the limit named, after little work."""

from typing import Any

import pytest
from graphql import parse

from schema.limits import MAX_COMPARISONS, MAX_ERRORS, MAX_LENGTH
from schema.root import schema
from schema.validating import validated
from tests.schema.test_limits import MOST_CALLS, refusal
from tests.support.web import OPERATIONS, Caller, socket
from tests.support.work import counted_calls

LOG_IN = 'logIn(input: {email: "", password: ""}) { __typename }'


def fragments(count: int, body: Any, on: str = "Query") -> str:
    return " ".join(f"fragment F{n} on {on} {{ {body(n)} }}" for n in range(count))


def spreads(count: int) -> str:
    return " ".join(f"...F{n}" for n in range(count))


REFUSED = {
    "mutations in a fragment": (
        "mutation { ...F0 } "
        + fragments(1, lambda _: " ".join(f"a{n}: {LOG_IN}" for n in range(90)), "Mutation"),
        "mutations",
    ),
    "mutations in many fragments": (
        f"mutation {{ {spreads(20)} }} "
        + fragments(20, lambda n: f"a{n}: {LOG_IN} ... {{ b{n}: {LOG_IN} }}", "Mutation"),
        "mutations",
    ),
    "two log-ins in fragments": (
        "mutation { ...F0 ...F1 } " + fragments(2, lambda n: f"a{n}: {LOG_IN}", "Mutation"),
        "logIn",
    ),
    "nodes one by one": (
        "{" + " ".join(f'a{n}: node(id: "x") {{ id }}' for n in range(90)) + "}",
        "rootFields",
    ),
    "fragments that all compare": (
        f"{{ {spreads(49)} }} " + fragments(49, lambda _: "viewer { id } " * 5),
        "comparisons",
    ),
    "fields that all compare": (
        "{ viewer { photos { edges { node { id "
        + "... { id id id id id id id id } " * 40
        + "} } } } }",
        "comparisons",
    ),
    "spreads of spreads": (
        "{ ...F0 } "
        + fragments(25, lambda n: " ".join(f"...F{m}" for m in range(n + 1, 25)) + " __typename"),
        "spreads",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_would_cost_much_is_refused_after_little(name: str) -> None:
    document, limit = REFUSED[name]
    with counted_calls() as work:
        shown = await refusal(document)
    assert work.calls < MOST_CALLS
    assert (shown["code"], shown["limit"]) == ("LIMIT_EXCEEDED", limit)


async def test_many_operations_are_refused(anyone: Caller) -> None:
    queries = " ".join(f"query Q{n} {{ ...F0 }}" for n in range(100))
    document = queries + fragments(1, lambda _: "__typename")
    answer = await anyone.post({"query": document, "operationName": "Q1"})
    [error] = answer.json()["errors"]
    assert error["extensions"]["limit"] == "operations"


@pytest.mark.parametrize(
    "document",
    [
        "{ " + spreads(40) + " }",
        "{ ...F0 } " + fragments(14, lambda _: spreads(14)),
        "{ ...F0 } fragment F0 on Query { ...F0 }",
        "{ viewer { " + " ".join(f"x{n}" for n in range(400)) + " } }",
        "{ viewer { " + " ".join(f"x{n}(a: $b)" for n in range(200)) + " } }",
        "{ viewer { " + " ".join(f"... on X{n} {{ y{n} }}" for n in range(90)) + " } }",
    ],
    ids=lambda document: str(document)[:40],
)
async def test_what_is_wrong_in_many_places_is_told_in_a_few(anyone: Caller, document: str) -> None:
    with counted_calls() as work:
        errors = (await anyone.ask(document))["errors"]
    assert 0 < len(errors) <= MAX_ERRORS
    assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_INVALID"}
    assert work.calls < MOST_CALLS


async def test_a_subscription_needs_a_stream(mina: Caller) -> None:
    document = 'subscription { analysisProgress(id: "x") { at } }'
    assert await mina.code(document) == "GRAPHQL_INVALID"
    answer = await mina.post({"query": document}, Accept="text/event-stream")
    assert "NOT_FOUND" in answer.text


@pytest.mark.parametrize(
    "variables",
    [
        {"i": {"photoIds": [1] * 100_000, "survey": {}}},
        {"unused": [[]] * 5_000},
        {"unused": {str(n): n for n in range(5_000)}},
    ],
    ids=["a long list", "lists of lists", "a wide object"],
)
async def test_many_values_are_refused_before_they_are_coerced(variables: dict[str, Any]) -> None:
    document = "mutation M($i: RequestAnalysisInput!) { requestAnalysis(input: $i) { __typename } }"
    with counted_calls() as work:
        shown = await refusal(document, **variables)
    assert (shown["code"], shown["limit"]) == ("LIMIT_EXCEEDED", "variables")
    assert work.calls < 20_000


LONG = {
    "a comment": "#" + "x" * 100_000 + "\n{ __typename }",
    "a text": '{ node(id: "' + "x" * 100_000 + '") { id } }',
    "lines": '{ node(id: """' + "x\n" * 50_000 + '""") { id } }',
    "commas": "," * 100_000 + "{ __typename }",
    "a name": "{ " + "a" * 100_000 + " }",
    "a number": "{ analysis(id: " + "1" * 100_000 + ") { id } }",
}


@pytest.mark.parametrize("name", LONG)
async def test_a_long_text_is_refused_before_it_is_parsed(anyone: Caller, name: str) -> None:
    with counted_calls(of="graphql/language/") as work:
        answer = await anyone.post({"query": LONG[name]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["limit"] == "length"
    assert work.calls == 0


async def test_a_long_text_is_refused_on_a_socket(web: str) -> None:
    async with socket(web) as wire:
        await wire.initialise()
        await wire.subscribe(" " * (MAX_LENGTH + 1), "1")
        frame = await wire.receive()
        assert (frame["type"], frame["id"]) == ("error", "1")
        assert frame["payload"][0]["extensions"]["limit"] == "length"
        await wire.subscribe("{ __typename }", "2")
        assert (await wire.receive())["payload"]["data"]


def test_what_clients_send_is_far_below_the_bound_on_comparisons() -> None:
    for path in OPERATIONS.glob("*.graphql"):
        parsed = parse(path.read_text("utf-8"))
        with counted_calls(of="overlapping_fields") as work:
            assert validated(schema._schema, parsed, ()) == []
        assert work.calls < MAX_COMPARISONS / 5, path
