"""Documents that ask for too much are refused, quickly, with the limit named."""

from typing import Any

import pytest
from graphql import DocumentNode, get_introspection_query, get_operation_ast, parse

from dupi.paging import DEFAULT_SIZE
from schema.context import Context
from schema.limits import LimitExceeded
from schema.measuring import check_document
from schema.root import schema
from tests.support.web import OPERATIONS
from tests.support.work import counted_calls

MOST_CALLS = 100_000
"""Function calls before a document is refused, its parsing included: about 35 ms."""


class _NoResources:
    """Documents that are refused must not reach anything."""


async def refusal(document: str, **variables: Any) -> dict[str, Any]:
    """``extensions`` of the only error."""
    context = Context(resources=_NoResources(), request_id="r1")  # type: ignore[arg-type]
    result = await schema.execute(document, variable_values=variables, context_value=context)
    assert result.data is None
    assert result.errors
    assert {str(error.extensions["requestId"]) for error in result.errors if error.extensions} == {
        "r1"
    }
    return dict(result.errors[0].extensions or {})


def chain(length: int) -> str:
    """Fragments that double at every step."""
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(length - 1)]
    return " ".join(
        ["{ ...F0 }", *fragments, f"fragment F{length - 1} on Query {{ viewer {{ id }} }}"]
    )


def deep(levels: int) -> str:
    return "{ viewer " + "{ a " * levels + "}" * levels + " }"


def log_ins(count: int) -> str:
    field = 'logIn(input: {email: "", password: ""}) { __typename }'
    return "mutation {" + " ".join(f"a{n}: {field}" for n in range(count)) + "}"


REFUSED = {
    "fragments that double": (chain(20), "cost"),
    "many fragments": (chain(60), "fragments"),
    "depth 50": (deep(50), "depth"),
    "depth 1000": (deep(1000), "depth"),
    "2,000 aliases": ("{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(2000)) + "}", None),
    "200 aliases": ("{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(200)) + "}", "aliases"),
    "2,000 directives": ("{ viewer { id " + "@skip(if: false) " * 2000 + "} }", None),
    "100 directives": ("{ viewer { id " + "@skip(if: false) " * 100 + "} }", "directives"),
    "20,000 fields": ("{ viewer { " + "id " * 20_000 + "} }", "tokens"),
    "100 repeated fields": ("{ viewer { " + "id " * 100 + "} }", "repeats"),
    "a huge page": ("{ viewer { photos(first: 1000000) { edges { node { id } } } } }", "first"),
    "a page of 101": ("{ viewer { photos(last: 101) { edges { node { id } } } } }", "last"),
    "100 log-ins": (log_ins(100), "mutations"),
    "two log-ins": (log_ins(2), "logIn"),
    "introspection ten deep": (
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name "
        + "} " * 10,
        "introspection",
    ),
    "introspection many times": (
        "{" + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(20)) + "}",
        "cost",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_document_is_refused_with_the_limit_named(name: str) -> None:
    document, limit = REFUSED[name]
    with counted_calls() as work:
        shown = await refusal(document)
    assert work.calls < MOST_CALLS
    assert shown["code"] == "LIMIT_EXCEEDED"
    assert limit is None or shown["limit"] == limit


async def test_a_page_size_in_a_variable_counts() -> None:
    document = "query Q($n: Int) { viewer { photos(first: $n) { edges { node { id } } } } }"
    assert (await refusal(document, n=1_000_000))["limit"] == "first"
    in_default = document.replace("$n: Int", "$n: Int = 5000")
    assert (await refusal(in_default))["limit"] == "first"


async def test_pages_within_pages_multiply() -> None:
    fields = "photos { id } photoFindings { photo { id } findings { condition } }"
    one = f"analyses(first: 100) {{ edges {{ node {{ {fields} }} }} }}"
    many = " ".join(f"a{n}: {one}" for n in range(10))
    assert (await refusal(f"{{ viewer {{ {many} }} }}"))["limit"] == "cost"


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ("last: 1, first: 100", 100),
        ("first: 100, last: 1", 100),
        ("first: 1", 1),
        ("last: null", DEFAULT_SIZE),
        ("first: 0, last: -1", DEFAULT_SIZE),
    ],
)
def test_the_greatest_size_of_a_page_counts(size: str, counts: int) -> None:
    one = "{ edges { node { id } } }"
    costs = [measure(f"{{ viewer {{ photos({given}) {one} }} }}") for given in (size, "first: 1")]
    per_photo = measure(f"{{ viewer {{ photos(first: 2) {one} }} }}") - costs[1]
    assert costs[0] == costs[1] + (counts - 1) * per_photo


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { nothing } }",
        "{ ...Unknown }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "query Q($a: Int) { viewer { id } }",
        "{ viewer { id",
        "{ analysis { id } }",
        "{ analysis(id: 5.5) { id } }",
        'mutation { signUp(input: {email: "x", role: OPERATOR}) { __typename } }',
        "subscription { a: analysisProgress(id: 1) { at } b: analysisProgress(id: 1) { at } }",
    ],
)
async def test_an_invalid_document_is_the_clients_fault(document: str) -> None:
    assert (await refusal(document))["code"] == "GRAPHQL_INVALID"


async def test_a_variable_of_another_type_is_the_clients_fault() -> None:
    document = "query Q($id: ID!) { analysis(id: $id) { id } }"
    assert (await refusal(document, id={"$ne": ""}))["code"] == "GRAPHQL_INVALID"
    assert (await refusal(document))["code"] == "GRAPHQL_INVALID"


def measure(document: str | DocumentNode) -> int:
    parsed = parse(document) if isinstance(document, str) else document
    operation = get_operation_ast(parsed)
    assert operation is not None
    return check_document(schema._schema, parsed, operation, {}).cost


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.graphql")), ids=lambda path: path.stem)
def test_clients_operations_pass_with_room(path: Any) -> None:
    assert measure(path.read_text("utf-8")) < 16_000


def test_the_introspection_of_tools_passes() -> None:
    measure(get_introspection_query())


def test_a_fragment_is_measured_once() -> None:
    """What is refused for its cost is refused after one look at each of its nodes."""
    parsed = parse(chain(40))
    with counted_calls(of="schema/measuring.py") as work, pytest.raises(LimitExceeded):
        measure(parsed)
    assert work.calls < 20 * 40
