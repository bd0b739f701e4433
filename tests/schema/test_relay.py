"""Ids and cursors: opaque, one text for one thing, nonsense refused."""

from base64 import urlsafe_b64encode

import pytest

from dupi.errors import InvalidInput, NotFound
from dupi.ids import new_id
from schema.relay import global_id, page_request, parse_id, record_id


def test_an_id_comes_back() -> None:
    identity = new_id()
    text = global_id("Photo", identity)
    assert identity not in text
    assert parse_id(text) == ("Photo", identity)
    assert record_id("Photo", text) == identity


def test_an_id_of_another_type_names_nothing() -> None:
    with pytest.raises(NotFound):
        record_id("Analysis", global_id("Photo", new_id()))


def plain(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "nonsense",
        "한글",
        "\x00",
        "=" * 8,
        "A" * 5000,
        new_id(),
        plain("Photo:"),
        plain("Photo:{'$ne': ''}"),
        plain("Photo:../../x"),
        plain("Photo:0190\n"),
        global_id("Photo", new_id()) + "=",
        global_id("Photo", new_id()) + "\n",
    ],
)
def test_nonsense_names_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        parse_id(text)


@pytest.mark.parametrize(
    "text", ["", "x", plain("after:x"), plain("after:"), plain("5"), plain("after:" + "9" * 60)]
)
def test_a_forged_cursor_is_refused(text: str) -> None:
    for arguments in ((1, text, None, None), (None, None, 1, text)):
        with pytest.raises(InvalidInput):
            page_request(*arguments)
