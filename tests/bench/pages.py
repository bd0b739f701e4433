"""What GraphQL adds to a page: the feed and the history, beside an endpoint that reads the same."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from starlette.types import ASGIApp, Message, Scope

from api.worker import keep_startup_objects
from dupi.accounts.service import sign_up
from dupi.community import service as community
from dupi.resources import Resources
from tests.analyses.histories import an_analysis, day
from tests.bench.bare import bare_app
from tests.bench.figures import Figure, Row, Table
from tests.bench.rig import Rig
from tests.bench.timing import P50, P95, Load, drive, interleaved
from tests.community.conftest import MANY
from tests.community.doing import a_post, a_writer
from tests.support.store import fresh_resources, settings_for_tests
from tests.support.web import app_over, operation

_ROWS: Final = 20
_LONGER: Final = 2
"""Than a repeat of other sections: a page takes milliseconds."""
_NOTES: Final = (
    "20 rows; in this process, from the request's bytes to the last of the answer, one at a time.",
    "bare: a Starlette endpoint that makes the same reads and returns JSON. ratio: of medians, each"
    " repeat beside its neighbour. Under 2 is wanted.",
)

_Call = Callable[[int], Awaitable[None]]


async def measure(rig: Rig) -> list[Table]:
    settings = settings_for_tests(rig.store_url, rig.folder / "pages")
    async with fresh_resources(settings) as opened:
        keep_startup_objects()  # as web does
        board = replace(opened, settings=settings.model_copy(update={"community": MANY}))
        token = await _filled(board)
        calls = _calls(board, token)
        seconds = rig.scale.seconds * _LONGER
        turns = {
            name: partial(drive, call, at_once=1, seconds=seconds) for name, call in calls.items()
        }
        loads = await interleaved(turns, repeats=rig.scale.repeats)
    rows = [row for page in ("feed", "history") for row in _rows(page, loads)]
    return [Table("A page by GraphQL, and without", rows, _NOTES)]


def _rows(page: str, loads: Mapping[str, list[Load]]) -> list[Row]:
    whole, bare = loads[page], loads[f"{page}, bare"]
    ratios = [
        one.percentile_ms(50) / other.percentile_ms(50)
        for one, other in zip(whole, bare, strict=True)
    ]
    more = {"ratio": Figure.of(ratios)}
    return [Row(page, _times(whole) | more), Row(f"{page}, bare", _times(bare))]


def _times(loads: list[Load]) -> dict[str, Figure]:
    return {
        P50: Figure.of([load.percentile_ms(50) for load in loads]),
        P95: Figure.of([load.percentile_ms(95) for load in loads]),
    }


def _calls(board: Resources, token: str) -> dict[str, _Call]:
    whole, bare = app_over(board), bare_app(board)
    feed = {"query": operation("Posts"), "variables": {"first": _ROWS}}
    history = {"query": operation("Analyses"), "variables": {"first": _ROWS}}
    return {
        "feed": partial(_post, whole, "/graphql", token, feed),
        "feed, bare": partial(_post, bare, "/feed", token, {}),
        "history": partial(_post, whole, "/graphql", token, history),
        "history, bare": partial(_post, bare, "/history", token, {}),
    }


async def _filled(board: Resources) -> str:
    """An access token of someone with a history, who sees a board of posts by many."""
    signed_in = await sign_up(
        board,
        email="bench@example.com",
        password="a long passphrase 1",
        nickname="재는 이",
        birth_year=1991,
    )
    viewer_id = signed_in.user.id
    for number in range(_ROWS + 5):
        post = await a_post(
            board, await a_writer(f"글쓴이 {number}"), body="머리를 감았어요. " * 30
        )
        await an_analysis(viewer_id, day(number))
        if number % 2:
            await community.like_post(board, user_id=viewer_id, post_id=post.id)
    return signed_in.access_token


async def _post(app: ASGIApp, path: str, token: str, body: Any, _: int) -> None:
    """One request, as a server would hand it to the app; raises where it is not answered well."""
    sent = json.dumps(body).encode()
    headers = {
        "host": "bench",
        "content-type": "application/json",
        "content-length": str(len(sent)),
        "authorization": f"Bearer {token}",
    }
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "app": app,
    }
    answer = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        answer.extend(message.get("body", b""))

    await app(scope, receive, send)
    assert b'"errors"' not in answer[:12], answer[:500]
    assert len(answer) > 1000
