"""Evaluation: every measure by replies that are known, and the pages that it writes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from dupi.advice.replies import rules_advice  # noqa: E402
from llm_server.card import AdvisorCard, Sampling  # noqa: E402
from llm_server.training import evaluate as command  # noqa: E402
from llm_server.training.evaluation import Outcome, evaluate  # noqa: E402
from llm_server.training.grading import refusal, unseen_pairs  # noqa: E402
from llm_server.training.measures import (  # noqa: E402
    coverage,
    distinct,
    repeats_itself,
    sentences_of,
    spread,
)
from llm_server.training.report import given_text, write_report  # noqa: E402
from llm_server.training.writers import Reply, ServedWriter, WeightsWriter  # noqa: E402
from tests.llm_server.tiny import own_tokenizer, tiny_model  # noqa: E402
from tests.support.advisor_server import Script, running_advisor  # noqa: E402

CASES = [pair for pair in unseen_pairs(40) if refusal(pair, pair.reply) is None][:4]
LOOPING = "[관리] 샴푸 샴푸 샴푸"


class Scripted:
    """Gives replies in turn, whatever is asked; keeps what it was asked."""

    name, prompt, rules, at_once = "scripted", "1", "2", 4
    sampling = Sampling(temperature=0.5)

    def __init__(self, *replies: str) -> None:
        self.left = list(replies)
        self.asked: list[Any] = []

    def write(self, prompts: Sequence[Any]) -> list[Reply]:
        self.asked += prompts
        taken, self.left = self.left[: len(prompts)], self.left[len(prompts) :]
        return [Reply(text, 10 * (n + 1), 0.5, 2.0) for n, text in enumerate(taken)]


def test_a_refused_reply_is_tried_again_and_then_the_rules_speak() -> None:
    good = [pair.reply for pair in CASES]
    first = [good[0], LOOPING, LOOPING, good[3]]
    writer = Scripted(*first, good[1], LOOPING)
    found = evaluate(writer, CASES)
    outcomes = [one.outcome for one in found.judged]
    assert outcomes == [Outcome.FIRST, Outcome.SECOND, Outcome.RULES, Outcome.FIRST]
    assert [one.given for one in found.judged] == [good[0], good[1], None, good[3]]
    assert writer.asked[0] == CASES[0].prompted("1")
    assert writer.asked[4:] == [pair.prompted("1") for pair in CASES[1:3]]
    figures = found.figures()
    assert (figures["first_try_pass_rate"], figures["fallback_rate"]) == (0.5, 0.25)
    assert sum(figures["refusals"].values()) == 2
    assert figures["tokens"]["mean"] == 25
    assert figures["repetition"] == 0.5
    assert figures["first_sentence_s"]["median"] == 0.5
    assert figures["sampling"]["temperature"] == 0.5


def test_what_is_measured_of_a_reply() -> None:
    pair = CASES[0]
    assert coverage(pair, pair.reply) == 1.0
    assert coverage(pair, "안녕하세요.") == 0.0
    assert 0 < coverage(pair, pair.reply.split("[루틴]")[0]) < 1
    assert repeats_itself(LOOPING)
    assert repeats_itself("두피를 봐 주세요. 두피를 봐 주세요.")
    assert not repeats_itself("두피를 봐 주세요. 머리를 말려 주세요.")
    assert sentences_of("[관리] 하나예요. 둘이에요!\n[루틴] 셋") == ["하나예요.", "둘이에요!"]
    assert distinct(["가 나 다 라 마", "가 나 다 라 바"], 4) == 0.75
    assert spread([]) == {}
    assert spread([1, 2, 3])["median"] == 2


def test_the_pages_are_for_people(tmp_path: Path) -> None:
    good = [pair.reply for pair in CASES]
    found = evaluate(Scripted(good[0], LOOPING, good[2], good[3], LOOPING), CASES)
    write_report(tmp_path, [found], samples=3)
    table = (tmp_path / "report.md").read_text()
    assert "| pass at the first try | 75.0% |" in table
    assert json.loads((tmp_path / "report.json").read_text())["scripted"]["cases"] == 4
    page = (tmp_path / "samples.md").read_text()
    assert page.count("## ") == 3
    assert given_text(found.judged[0]) in page
    rules = "".join(s.text for s in rules_advice(CASES[1].case, CASES[1].plan))
    assert rules in page
    assert rules in given_text(found.judged[1])
    assert LOOPING not in given_text(found.judged[1])


async def test_a_server_is_asked_as_the_platform_asks_it() -> None:
    import asyncio

    async with running_advisor() as server:
        server.scripts.append(Script(["[관리] 하나", "예요. 둘", "이에요."], pause_s=0.01))
        writer = ServedWriter(server.url, AdvisorCard("3"), at_once=2)
        prompts = [pair.prompted("1") for pair in CASES[:2]]
        replies = await asyncio.to_thread(writer.write, prompts)
        asked = [request["messages"] for request in server.requests]
    assert [reply.text for reply in replies] == ["[관리] 하나예요. 둘이에요."] * 2
    assert all(0 < (reply.first_sentence_s or 0) <= reply.whole_s for reply in replies)
    assert sorted(map(str, asked)) == sorted(map(str, prompts))
    assert "temperature" not in server.requests[0]


def test_the_command_writes_a_table_beside_the_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer, folder = own_tokenizer(), tmp_path / "base"
    tiny_model("LlamaForCausalLM", len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    merged = tmp_path / "5"
    tiny_model("LlamaForCausalLM", len(tokenizer)).save_pretrained(merged)
    tokenizer.save_pretrained(merged)
    AdvisorCard("5", prompt="1", sampling=Sampling(max_tokens=12)).write(merged)
    given = [str(merged), "--beside", str(folder), "--cases", "3", "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["evaluate", *given])
    command.main()
    said = capsys.readouterr().out
    assert "| version 5 | base alone |" in said
    figures = json.loads((tmp_path / "out" / "report.json").read_text())
    for one in figures.values():
        assert one["first_try_pass_rate"] == 0
        assert one["fallback_rate"] == 1
        assert one["tokens"]["max"] <= 12
        assert one["tokens_per_second"] > 0


def test_the_first_sentence_is_timed_by_its_last_token(tmp_path: Path) -> None:
    from llm_server.training.generation import Written

    tokenizer = own_tokenizer()
    tiny_model("LlamaForCausalLM", len(tokenizer)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    writer = WeightsWriter(tmp_path, at_once=1)
    text = "두피를 봐 주세요. 그리고 말려 주세요."
    ids = tuple(tokenizer.encode(text, add_special_tokens=False))
    times = tuple(float(n) for n in range(1, len(ids) + 2))
    reply = writer._reply(Written(text, ids, times))
    spent = int(reply.first_sentence_s or 0)
    assert "." in tokenizer.decode(ids[:spent])
    assert "." not in tokenizer.decode(ids[: spent - 1])
    assert reply.whole_s == len(ids) + 1
