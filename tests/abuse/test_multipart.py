"""Forms that no client sends: refused with 400, and no temporary file is left."""

import json
from typing import Any

import pytest

from dupi.analyses.models import Photo
from tests.api.test_uploads import PLACE, UPLOAD, opened
from tests.support.web import UPLOAD_HEADERS, Caller

__all__ = ["opened"]

OPERATIONS = ("operations", None, json.dumps(UPLOAD))
MAP = ("map", None, json.dumps(PLACE))
FILE = ("0", "0.jpg", "\xff\xd8 no photo")


def form(*parts: tuple[str, str | None, str], end: str = "--b--\r\n") -> bytes:
    """Parts of name, file name and content."""
    lines = ""
    for name, file, content in parts:
        named = f'; filename="{file}"' if file is not None else ""
        lines += f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{content}\r\n'
    return (lines + end).encode("latin-1")


def at(path: str) -> tuple[str, None, str]:
    return ("map", None, json.dumps({"0": [path]}))


FORMS = {
    "operations twice": form(OPERATIONS, OPERATIONS, MAP, FILE),
    "a map twice": form(OPERATIONS, MAP, MAP, FILE),
    "operations as a file": form(("operations", "o.json", json.dumps(UPLOAD)), MAP, FILE),
    "a map as a file": form(OPERATIONS, ("map", "m.json", json.dumps(PLACE)), FILE),
    "a text where a file belongs": form(OPERATIONS, MAP, ("0", None, "text")),
    "one file twice": form(OPERATIONS, MAP, FILE, FILE),
    "one file at two places": form(
        OPERATIONS, ("map", None, '{"0": ["variables.input.file", "variables.file"]}'), FILE
    ),
    "a place used twice": form(
        OPERATIONS,
        ("map", None, '{"0": ["variables.input.file"], "1": ["variables.input.file"]}'),
        FILE,
        ("1", "1.jpg", "x"),
    ),
    "no files": form(OPERATIONS, MAP),
    "no operations": form(MAP, FILE),
    "no map": form(OPERATIONS, FILE),
    "nothing": form(),
    "no end": form(OPERATIONS, MAP, FILE, end=""),
    "an end in the middle": form(OPERATIONS, MAP, FILE)[:-40],
    "another boundary": form(OPERATIONS, MAP, FILE).replace(b"--b", b"--c"),
    "a part without a name": form(OPERATIONS, MAP, FILE).replace(b' name="0";', b""),
    "a part without headers": b"--b\r\n\r\nx\r\n--b--\r\n",
    "endless part headers": b"--b\r\n" + b"X-A: y\r\n" * 5000,
    "a long part header": b"--b\r\nX: " + b"y" * 100_000,
    "many fields": form(*[("x", None, "y")] * 200),
    "many files": form(*[(str(n), "x.jpg", "y") for n in range(200)]),
    "a field that is too large": form(("operations", None, "x" * 300_000), MAP, FILE),
    "deep operations": form(("operations", None, "[" * 20_000), MAP, FILE),
    "a deep map": form(OPERATIONS, ("map", None, '{"0":' * 20_000), FILE),
    "__proto__": form(OPERATIONS, at("variables.__proto__.file"), FILE),
    "constructor": form(OPERATIONS, at("variables.constructor.prototype"), FILE),
    "__class__": form(OPERATIONS, at("variables.input.__class__"), FILE),
    "an index into an object": form(OPERATIONS, at("variables.input.0"), FILE),
    "a negative index": form(OPERATIONS, at("variables.-1"), FILE),
    "digits that are none": form(OPERATIONS, ("map", None, '{"0": ["variables.\\u0663"]}'), FILE),
    "extensions": form(OPERATIONS, at("extensions.file"), FILE),
}


async def send(who: Caller, body: bytes, **headers: str) -> Any:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    shown = who.authorised() | UPLOAD_HEADERS | kind | headers
    return await who.http.post("/graphql", content=body, headers=shown)


@pytest.mark.parametrize("name", FORMS)
async def test_a_form_that_is_not_one_is_refused(
    mina: Caller, opened: list[Any], name: str
) -> None:
    """Whatever was opened is closed: the fixture looks."""
    answer = await send(mina, FORMS[name])
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error["extensions"]["requestId"]
    assert await Photo.count() == 0


async def test_what_the_file_calls_itself_does_not_matter(
    mina: Caller, opened: list[Any], photo: bytes
) -> None:
    for name in ("../../etc/passwd", "a.svg", "x" * 3000, "\x00.jpg", ""):
        body = form(OPERATIONS, MAP, ("0", "NAME", "CONTENT"))
        body = body.replace(b"NAME", name.encode()).replace(b"CONTENT", photo)
        answer = await send(mina, body)
        kinds = answer.json().get("data") or {"uploadPhoto": {"__typename": "refused"}}
        assert kinds["uploadPhoto"]["__typename"] in {"UploadPhotoPayload", "refused"}
        assert answer.status_code in {200, 400}
