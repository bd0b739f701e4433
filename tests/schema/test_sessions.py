"""Ending sessions one by one, as GraphQL text."""

from typing import Any

from starlette.applications import Starlette

from tests.support.web import PASSWORD, Caller, caller


async def log_in(who: Caller) -> Any:
    return await who.run("LogIn", input={"email": "mina@example.com", "password": PASSWORD})


async def test_revoking_a_session(mina: Caller, app: Starlette) -> None:
    other = await log_in(mina)
    session_id = other["session"]["id"]
    assert (await mina.run("Node", id=session_id))["__typename"] == "Session"
    answer = await mina.run("RevokeSession", input={"sessionId": session_id})
    assert answer["revokedId"] == session_id
    assert [session["isCurrent"] for session in answer["viewer"]["sessions"]] == [True]
    assert await mina.run("Node", id=session_id) is None
    again = await mina.run("RevokeSession", input={"sessionId": session_id})
    assert again["__typename"] == "NotFoundError"
    async with caller(app) as jun:
        session = (await jun.sign_up("jun@example.com"))["session"]
        assert await mina.run("Node", id=session["id"]) is None
    for foreign in (session["id"], "x", "", (await mina.run("Viewer"))["id"]):
        foreign_answer = await mina.run("RevokeSession", input={"sessionId": foreign})
        assert foreign_answer == again


async def test_revoking_this_session_is_logging_out(mina: Caller, anyone: Caller) -> None:
    [session] = (await mina.run("Viewer"))["sessions"]
    nobody = await anyone.run("RevokeSession", input={"sessionId": session["id"]})
    assert nobody["__typename"] == "UnauthenticatedError"
    answer = await mina.run("RevokeSession", input={"sessionId": session["id"]})
    assert answer["viewer"]["sessions"] == []
    assert (await mina.post({"query": "{ viewer { id } }"})).status_code == 401
