"""Models, deployments and shadows as operators see them; and that others do not."""

from typing import Any

import pytest

from dupi.knowledge.vocabulary import Condition
from dupi.operations.models import Deployment
from dupi.operations.shadows import Tally, add_up
from dupi.vision import contract as names
from schema.relay import global_id, record_id
from tests.operations.doubles import RememberingServer
from tests.schema.operations.test_promoting import HEAD, OTHER, promoted, rolled_back, shown
from tests.support.web import Caller

PAGE = """
query P($first: Int, $after: String, $last: Int, $before: String) {
  deployments(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { number } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def models(operator: Caller) -> dict[str, Any]:
    return {one["name"]: one for one in await operator.run("Models")}


async def test_every_model_with_its_versions(operator: Caller, live: Deployment) -> None:
    found = await models(operator)
    assert list(found) == [*names.COMPONENTS, "dupi-advisor"]
    kinds = [(one["kind"], one["condition"]) for one in found.values()]
    heads = [*(("HEAD", c.name) for c in Condition), ("HEAD", None)]
    assert kinds == [("TRUNK", None), *heads, ("ADVISOR", None)]
    assert found["dupi-advisor"]["versions"] == []  # nobody serves it here
    versions = found[HEAD]["versions"]
    assert [(one["version"], one["state"]) for one in versions] == [
        ("20", "PUBLISHED"),
        ("2", "PUBLISHED"),
        ("1", "READY"),
    ]
    assert [one["trunkVersion"] for one in versions] == ["20", "1", "1"]
    assert versions[0]["trainedOn"] == "test data"
    assert versions[0]["publishedAt"] == "2026-01-01T00:00:00.000Z"
    assert found[HEAD]["liveVersion"] == "1"


async def test_what_could_not_be_loaded_says_why_and_not_where(
    operator: Caller, live: Deployment, server: RememberingServer
) -> None:
    server.broken.add((HEAD, 2))
    [failed] = [
        one for one in (await models(operator))[HEAD]["versions"] if one["state"] == "FAILED"
    ]
    assert failed["version"] == "2"
    assert failed["failure"].startswith("Internal")
    assert "/" not in failed["failure"]


async def test_deployments_come_in_pages_both_ways(operator: Caller, live: Deployment) -> None:
    expected = shown(live)
    for version in ("2", "1", "2", "1"):
        answer = await promoted(operator, expected, (HEAD, version))
        expected = answer["deployment"]["id"]

    async def page(**asked: Any) -> Any:
        return (await operator.data(PAGE, **asked))["deployments"]

    first = await page(first=2)
    assert [edge["node"]["number"] for edge in first["edges"]] == [5, 4]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = await page(first=9, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["number"] for edge in rest["edges"]] == [3, 2, 1]
    back = await page(last=2, before=rest["pageInfo"]["endCursor"])
    assert [edge["node"]["number"] for edge in back["edges"]] == [3, 2]
    assert await operator.code(PAGE, first=1, last=1) == "INVALID_INPUT"
    assert await operator.code(PAGE, after="x") == "INVALID_INPUT"


async def test_a_shadow_from_its_beginning_to_its_end(operator: Caller, live: Deployment) -> None:
    given = {"model": HEAD, "version": "2", "sampleRate": 0.5}
    begun = await operator.run("ShadowModel", input=given)
    shadow = begun["shadow"]
    assert (shadow["liveVersion"], shadow["sampleRate"]) == ("1", 0.5)
    tally = Tally()
    tally.add((0.7, 0.3, 0, 0), (0.4, 0.6, 0, 0))
    tally.add((0.7, 0.3, 0, 0), (0.9, 0.1, 0, 0))
    await add_up(record_id("Shadow", shadow["id"]), tally)
    [seen] = (await models(operator))[HEAD]["shadows"]
    assert seen["stoppedAt"] is None
    assert seen["agreement"]["matrix"][0] == [1, 1, 0, 0]
    assert (seen["agreement"]["samples"], seen["agreement"]["agreed"]) == (2, 1)
    assert seen["agreement"]["meanProbabilityShift"] == pytest.approx([-0.05, 0.05, 0, 0])
    ended = await operator.run("StopShadow", input={"shadowId": shadow["id"]})
    assert ended["shadow"]["stoppedAt"]
    assert ended["shadow"]["agreement"]["samples"] == 2
    assert await operator.run("StopShadow", input={"shadowId": shadow["id"]}) == ended


async def test_a_shadow_ends_with_a_promotion(operator: Caller, live: Deployment) -> None:
    begun = await operator.run("ShadowModel", input={"model": HEAD, "version": "2"})
    second = await promoted(operator, shown(live), (HEAD, "2"))
    found = await operator.run("Node", id=begun["shadow"]["id"])
    assert found["stoppedAt"]
    again = await operator.run("ShadowModel", input={"model": HEAD, "version": "1"})
    await rolled_back(operator, second["deployment"]["id"])
    assert (await operator.run("Node", id=again["shadow"]["id"]))["stoppedAt"]


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"model": names.TRUNK, "version": "20"}, ["model"], "INVALID"),
        ({"model": "nobody", "version": "1"}, ["model"], "INVALID"),
        ({"model": HEAD, "version": "2", "sampleRate": 0}, ["sampleRate"], "OUT_OF_RANGE"),
        ({"model": HEAD, "version": "2", "sampleRate": 1.5}, ["sampleRate"], "OUT_OF_RANGE"),
    ],
)
async def test_what_cannot_be_a_shadow_is_named(
    operator: Caller, live: Deployment, given: dict[str, Any], path: list[str], code: str
) -> None:
    answer = await operator.run("ShadowModel", input=given)
    assert [(one["path"], one["code"]) for one in answer["fields"]] == [(path, code)]


async def test_a_shadow_that_conflicts(
    operator: Caller, live: Deployment, server: RememberingServer
) -> None:
    server.broken.add((OTHER, 2))
    for model, version in [(HEAD, "20"), (HEAD, "1"), (OTHER, "2")]:
        answer = await operator.run("ShadowModel", input={"model": model, "version": version})
        assert (answer["__typename"], answer["currentId"]) == ("ConflictError", shown(live))


async def test_a_shadow_that_is_not_there(operator: Caller, live: Deployment) -> None:
    for identity in ("x", str(global_id("Shadow", "0123")), shown(live)):
        answer = await operator.run("StopShadow", input={"shadowId": identity})
        assert answer["__typename"] == "NotFoundError"


@pytest.mark.parametrize("field", ["models { name }", "deployments { edges { cursor } }"])
async def test_a_refusal_costs_one_field(
    anyone: Caller, mina: Caller, live: Deployment, field: str
) -> None:
    document = f"{{ survey {{ version }} {field} liveDeployment {{ id }} }}"
    for who, code in ((anyone, "UNAUTHENTICATED"), (mina, "FORBIDDEN")):
        answer = await who.ask(document)
        assert answer["data"]["survey"]["version"]
        assert answer["data"]["liveDeployment"] is None
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        assert codes == {code}
        assert len(answer["errors"]) == 2


async def test_nodes_are_there_for_operators_alone(
    operator: Caller, mina: Caller, anyone: Caller, live: Deployment
) -> None:
    begun = await operator.run("ShadowModel", input={"model": HEAD, "version": "2"})
    for identity in (shown(live), begun["shadow"]["id"]):
        assert (await operator.run("Node", id=identity))["id"] == identity
        assert await mina.run("Node", id=identity) is None
        question = "query Q($id: ID!) { node(id: $id) { id } }"
        assert await anyone.code(question, id=identity) == "UNAUTHENTICATED"
    assert await operator.run("Node", id=str(global_id("Deployment", "0123"))) is None


async def test_a_list_reads_its_people_at_once(
    operator: Caller, live: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dupi.accounts import service

    second = await promoted(operator, shown(live), (HEAD, "2"))
    await rolled_back(operator, second["deployment"]["id"])
    reads: list[list[str]] = []
    real = service.get_users

    async def counted(resources: Any, *, user_ids: list[str]) -> Any:
        reads.append(user_ids)
        return await real(resources, user_ids=user_ids)

    monkeypatch.setattr(service, "get_users", counted)
    edges = (await operator.run("Deployments"))["edges"]
    makers = [edge["node"]["createdBy"] and edge["node"]["createdBy"]["nickname"] for edge in edges]
    assert makers == ["운영", "운영", None]
    assert len(reads) == 1
