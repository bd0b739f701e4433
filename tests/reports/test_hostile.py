"""Texts that look like markup, are long, or hold what cannot be seen: printed as plain text."""

from typing import Any

import pytest

from dupi.analyses.models import Analysis
from dupi.reports.plain_text import printable
from tests.analyses.doubles import says
from tests.reports.made import Clinic, text_of

MARKUP = [
    '#read("/etc/passwd")',
    '#image("/contents.json")',
    "= head *bold* _slanted_ `raw` $x^2$ <label> @label",
    "<script>alert(1)</script> &amp; <b>",
    "\\u{41} // comment /* comment */ ~ -- ---",
    "#panic()",
    '"quoted" \\"escaped\\" #',
    "[a](b) ] } ) #[",
]


async def with_text(clinic: Clinic, text: str) -> str:
    """What the report says where a plan, a reason and a model's version read so."""
    analysis_id = await clinic.completed(says())
    row: Any = await Analysis.get_pymongo_collection().find_one({})
    row["plan"]["actions"][0] |= {"text": text, "reason": text, "source": text}
    row["plan"]["routine"][0]["text"] = text
    row["plan"]["referral"] = {"urgency": "SOON", "text": text, "reasons": [text, text]}
    row["findings"][0]["model_version"] = text
    row["photo_findings"][0]["findings"][0]["model_version"] = text
    await Analysis.get_pymongo_collection().replace_one({"_id": row["_id"]}, row)
    return text_of(await clinic.report(analysis_id))


def flat(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("text", MARKUP)
async def test_markup_is_printed_as_it_is(clinic: Clinic, text: str) -> None:
    printed = await with_text(clinic, text)
    assert flat(printed).count(flat(text)) >= 5
    assert "root:" not in printed


@pytest.mark.parametrize(
    "text",
    ["가" * 4000, "x" * 4000, "두피 " * 2000, "줄\n" * 50],
    ids=["hangul", "latin", "words", "lines"],
)
async def test_long_texts_wrap(clinic: Clinic, text: str) -> None:
    """Nothing is lost at the edge of a page, and the rest is still there."""
    printed = flat(await with_text(clinic, text))
    assert printed.count(flat(text)[:60]) >= 5
    assert flat("severity_dandruff · 버전 4") in printed


async def test_what_cannot_be_seen_is_left_out(clinic: Clinic) -> None:
    printed = await with_text(clinic, "앞\u202e뒤\x00\x1b[0m\u200f끝")
    assert "앞뒤[0m끝" in printed


def test_texts_are_made_printable_wherever_they_stand() -> None:
    decomposed, lone = "\u1112\u1161\u11ab", "a\ud800b"
    assert printable({"a": [decomposed, lone], "b": (1, None)}) == {
        "a": ["한", "ab"],
        "b": [1, None],
    }


def test_long_words_may_break() -> None:
    assert printable("x" * 81) == "x" * 40 + "\u200b" + "x" * 40 + "\u200b" + "x"
    assert printable("x" * 40) == "x" * 40
