"""Multipart requests: files land where the map says, and nothing else is taken."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest

from dupi.analyses.models import Photo
from tests.support.web import UPLOAD_HEADERS, Caller, operation

UPLOAD = {
    "query": operation("UploadPhoto"),
    "variables": {"input": {"file": None, "site": "CROWN"}},
}
PLACE = {"0": ["variables.input.file"]}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Temporary files that were made; all must be closed in the end."""
    made: list[Any] = []

    def make(*args: Any, **options: Any) -> Any:
        made.append(SpooledTemporaryFile(*args, **options))  # noqa: SIM115
        return made[-1]

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", make)
    yield made
    assert all(file.closed for file in made)


async def test_a_photo_arrives(mina: Caller, photo: bytes, opened: list[Any]) -> None:
    uploaded = await mina.upload(photo, "LEFT")
    assert uploaded["photo"]["site"] == "LEFT"
    assert len(opened) == 1


@pytest.mark.parametrize(
    "places",
    [
        [],
        "x",
        None,
        5,
        {},
        {"0": 5},
        {"0": "variables.input.file"},
        {"0": []},
        {"0": [5]},
        {"0": ["variables.input.file", "variables.input.file"]},
        {"0": ["query"]},
        {"0": ["variables"]},
        {"0": ["operationName"]},
        {"0": ["variables.input.site"]},
        {"0": ["variables.input.site.x"]},
        {"0": ["variables.input.file.x"]},
        {"0": ["variables.input.nothing"]},
        {"0": ["variables.__proto__.x"]},
        {"0": ["__proto__"]},
        {"0": ["variables.input.0"]},
        {"0": ["variables" + ".input" * 500]},
        {"0": [""]},
        {"1": ["variables.input.file"]},
        {"0": ["variables.input.file"], "1": ["variables.input.other"]},
        {str(number): ["variables.input.file"] for number in range(1000)},
    ],
    ids=lambda places: str(places)[:50],
)
async def test_a_map_that_does_not_fit_is_refused(
    mina: Caller, photo: bytes, opened: list[Any], places: Any
) -> None:
    response = await mina.send_form(UPLOAD, places, {"0": photo})
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_INVALID"
    assert await Photo.count() == 0


@pytest.mark.parametrize("operations", [[], [UPLOAD], "x", None, 5, {}])
async def test_operations_that_are_no_request_are_refused(
    mina: Caller, photo: bytes, opened: list[Any], operations: Any
) -> None:
    response = await mina.send_form(operations, PLACE, {"0": photo})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "files",
    [{}, {"1": b"x"}, {"0": b"x", "1": b"x"}, {str(number): b"x" for number in range(30)}],
    ids=["none", "another", "one more", "many"],
)
async def test_files_that_do_not_match_are_refused(
    mina: Caller, opened: list[Any], files: dict[str, bytes]
) -> None:
    response = await mina.send_form(UPLOAD, PLACE, files)
    assert response.status_code in {400, 415}


async def test_a_form_needs_an_access_token_that_web_pages_cannot_send(
    anyone: Caller, photo: bytes, opened: list[Any]
) -> None:
    response = await anyone.send_form(UPLOAD, PLACE, {"0": photo})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert opened == []


async def test_a_token_is_all_the_header_that_a_form_needs(mina: Caller, photo: bytes) -> None:
    response = await mina.send_form(UPLOAD, PLACE, {"0": photo}, **{"X-Requested-With": ""})
    assert response.status_code == 200


@pytest.mark.parametrize("end", [0, 10, 200, 2000])
async def test_a_form_that_is_cut_off_is_refused(
    mina: Caller, photo: bytes, opened: list[Any], end: int
) -> None:
    request = mina.http.build_request(
        "POST",
        "/graphql",
        data={"operations": "{}", "map": "{}"},
        files={"0": ("0.jpg", photo, "image/jpeg")},
        headers=UPLOAD_HEADERS,
    )
    body = b"".join([chunk async for chunk in request.stream])  # type: ignore[union-attr]
    headers = mina.authorised() | {"Content-Type": request.headers["Content-Type"]}
    response = await mina.http.post("/graphql", content=body[:end], headers=headers)
    assert response.status_code == 400


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary="])
async def test_a_form_without_a_boundary_is_refused(mina: Caller, kind: str) -> None:
    headers = mina.authorised() | {"Content-Type": kind}
    response = await mina.http.post("/graphql", content=b"--x\r\n", headers=headers)
    assert response.status_code == 400


async def test_a_file_that_is_too_large_is_refused(mina: Caller, opened: list[Any]) -> None:
    response = await mina.send_form(UPLOAD, PLACE, {"0": b"x" * 30_000_000})
    assert response.status_code == 413
    assert opened == []


@pytest.mark.parametrize("value", ["a text", 5, {}, []])
async def test_a_file_cannot_be_sent_as_json(mina: Caller, value: Any) -> None:
    variables = {"input": {"file": value, "site": "CROWN"}}
    assert await mina.code(operation("UploadPhoto"), **variables) == "GRAPHQL_INVALID"
