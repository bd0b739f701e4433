"""Promoting and rolling back, as GraphQL text: the good case, and every refusal."""

from typing import Any

import pytest

from dupi.accounts.models import Role
from dupi.accounts.service import find_by_email, give_role
from dupi.errors import Forbidden
from dupi.operations.models import Deployment
from dupi.operations.service import get_live_deployment
from dupi.vision import contract as names
from schema.context import Context
from schema.relay import global_id
from tests.operations.doubles import RememberingServer
from tests.support.web import Caller

HEAD, OTHER = names.HEADS[0], names.HEADS[1]
NOTHING = {"model": HEAD, "version": "1"}
ACTS: dict[str, dict[str, Any]] = {
    "PromoteModel": {"versions": [{"model": HEAD, "version": "2"}]},
    "RollBackDeployment": {},
    "ShadowModel": {"model": HEAD, "version": "2"},
    "StopShadow": {"shadowId": "x"},
}
EXPECTING = ("PromoteModel", "RollBackDeployment")


def shown(deployment: Deployment) -> str:
    return str(global_id("Deployment", deployment.id))


async def promoted(who: Caller, expected: str, *chosen: tuple[str, str], **more: Any) -> Any:
    versions = [{"model": model, "version": version} for model, version in chosen]
    given = {"versions": versions, "expectedDeploymentId": expected} | more
    return await who.run("PromoteModel", input=given)


async def rolled_back(who: Caller, expected: str, **more: Any) -> Any:
    return await who.run("RollBackDeployment", input={"expectedDeploymentId": expected} | more)


async def test_promoting_and_rolling_back(operator: Caller, live: Deployment) -> None:
    answer = await promoted(operator, shown(live), (HEAD, "2"), note="sees more")
    assert answer["__typename"] == "PromoteModelPayload"
    second = answer["deployment"]
    assert (second["state"], second["number"], second["note"]) == ("LIVE", 2, "sees more")
    assert second["previousId"] == shown(live)
    versions = {one["model"]: (one["version"], one["trunkVersion"]) for one in second["versions"]}
    assert list(versions) == list(names.COMPONENTS)
    assert versions[HEAD] == ("2", "1")
    assert (await operator.run("LiveDeployment"))["id"] == second["id"]
    third = (await rolled_back(operator, second["id"]))["deployment"]
    assert third["rolledBackFromId"] == second["id"]
    assert {one["version"] for one in third["versions"]} == {"1"}
    listed = (await operator.run("Deployments", first=2))["edges"]
    assert [edge["node"]["state"] for edge in listed] == ["LIVE", "RETIRED"]
    assert listed[0]["node"]["createdBy"] == listed[0]["node"]["createdBy"] | {
        "nickname": "운영",
        "isViewer": True,
    }


async def test_a_trunk_goes_live_with_its_heads(operator: Caller, live: Deployment) -> None:
    everything = [(model, "20") for model in names.COMPONENTS]
    answer = await promoted(operator, shown(live), *everything)
    assert {one["version"] for one in answer["deployment"]["versions"]} == {"20"}
    assert (await get_live_deployment()).input_size == 224


async def test_asking_again_gets_the_same_answer(operator: Caller, live: Deployment) -> None:
    first = await promoted(operator, shown(live), (HEAD, "2"))
    assert await promoted(operator, shown(live), (HEAD, "2")) == first
    back = await rolled_back(operator, first["deployment"]["id"])
    assert await rolled_back(operator, first["deployment"]["id"]) == back


async def test_another_deployment_is_live_by_now(operator: Caller, live: Deployment) -> None:
    second = (await promoted(operator, shown(live), (HEAD, "2")))["deployment"]
    for answer in (
        await promoted(operator, shown(live), (OTHER, "2")),
        await rolled_back(operator, shown(live)),
    ):
        assert (answer["__typename"], answer["code"]) == ("ConflictError", "CONFLICT")
        assert answer["currentId"] == second["id"]


async def test_heads_of_another_trunk_are_refused(operator: Caller, live: Deployment) -> None:
    for chosen in [(HEAD, "20"), (names.TRUNK, "20")]:
        answer = await promoted(operator, shown(live), chosen)
        assert (answer["__typename"], answer["currentId"]) == ("ConflictError", shown(live))
        assert "트렁크" in answer["message"]


@pytest.mark.parametrize(
    ("chosen", "path", "code"),
    [
        ([], ["versions"], "TOO_FEW"),
        ([("nobody", "1")], ["versions", "0", "model"], "INVALID"),
        ([(names.ENSEMBLE, "1")], ["versions", "0", "model"], "INVALID"),
        ([(HEAD, "1"), (HEAD, "2")], ["versions", "1", "model"], "DUPLICATE"),
    ],
)
async def test_what_does_not_fit_is_named(
    operator: Caller, live: Deployment, chosen: list[tuple[str, str]], path: list[str], code: str
) -> None:
    answer = await promoted(operator, shown(live), *chosen)
    assert [(one["path"], one["code"]) for one in answer["fields"]] == [(path, code)]


async def test_a_note_has_an_end(operator: Caller, live: Deployment) -> None:
    answer = await promoted(operator, shown(live), (HEAD, "2"), note="x" * 501)
    assert [(one["path"], one["code"]) for one in answer["fields"]] == [(["note"], "TOO_LONG")]
    answer = await rolled_back(operator, shown(live), note="x" * 501)
    assert [(one["path"], one["code"]) for one in answer["fields"]] == [(["note"], "TOO_LONG")]


@pytest.mark.parametrize("version", ["99", "-1", "../1", "", "٣", "9" * 30])
async def test_a_version_that_is_not_there(
    operator: Caller, live: Deployment, version: str
) -> None:
    answer = await promoted(operator, shown(live), (HEAD, version))
    assert answer["__typename"] == "NotFoundError"
    answer = await operator.run("ShadowModel", input={"model": HEAD, "version": version})
    assert answer["__typename"] == "NotFoundError"


async def test_ids_that_name_nothing(operator: Caller, live: Deployment) -> None:
    assert (await promoted(operator, "x", (HEAD, "2")))["__typename"] == "NotFoundError"
    assert (await rolled_back(operator, "x"))["__typename"] == "NotFoundError"
    nobody = str(global_id("Deployment", "0123"))
    answer = await rolled_back(operator, shown(live), toDeploymentId=nobody)
    assert answer["__typename"] == "NotFoundError"
    assert (await rolled_back(operator, shown(live)))["__typename"] == "NotFoundError"


async def test_a_broken_version_fails_and_the_live_one_serves_on(
    operator: Caller, live: Deployment, server: RememberingServer
) -> None:
    server.broken.add((HEAD, 2))
    answer = await promoted(operator, shown(live), (HEAD, "2"))
    assert answer["deployment"]["state"] == "FAILED"
    assert answer["deployment"]["failure"]
    assert "/" not in answer["deployment"]["failure"]
    assert (await operator.run("LiveDeployment"))["id"] == shown(live)
    failed = answer["deployment"]["id"]
    answer = await rolled_back(operator, shown(live), toDeploymentId=failed)
    assert answer["__typename"] == "ConflictError"


async def test_triton_is_away(
    operator: Caller, live: Deployment, server: RememberingServer
) -> None:
    second = (await promoted(operator, shown(live), (HEAD, "2")))["deployment"]["id"]
    server.away = True
    for answer in (
        await promoted(operator, second, (OTHER, "2")),
        await rolled_back(operator, second),
        await operator.run("ShadowModel", input={"model": OTHER, "version": "2"}),
    ):
        assert answer["__typename"] == "UnavailableError"
        assert answer["retryAfterSeconds"] >= 1
    assert len(await operator.run("Models")) == len(names.COMPONENTS) + 1


@pytest.mark.parametrize("act", ACTS)
async def test_only_operators_may(anyone: Caller, mina: Caller, live: Deployment, act: str) -> None:
    given = dict(ACTS[act])
    if act in EXPECTING:
        given["expectedDeploymentId"] = shown(live)
    assert (await anyone.run(act, input=given))["__typename"] == "UnauthenticatedError"
    assert (await mina.run(act, input=given))["__typename"] == "ForbiddenError"
    assert (await get_live_deployment()).id == live.id


async def test_rights_end_at_once(operator: Caller, live: Deployment, operated: Any) -> None:
    socket = Context(resources=operated, request_id="an open socket")
    await socket.sign_in(operator.token or "")
    assert socket.operator
    user = await find_by_email(operated, email="OPERATOR@example.com")
    await give_role(operated, user_id=user.id, role=Role.USER)
    answer = await promoted(operator, shown(live), (HEAD, "2"))
    assert answer["__typename"] == "ForbiddenError"
    await socket.check_session()
    with pytest.raises(Forbidden):
        _ = socket.operator
