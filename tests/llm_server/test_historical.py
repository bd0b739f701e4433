"""The student project's recipe, trained here: whatever such an adapter writes, people get the
rules' words."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from dupi.advice.prompts import reply_opening  # noqa: E402
from dupi.advice.replies import ReplyReader, ReplyRejected, rules_advice  # noqa: E402
from llm_server.merge import WEIGHTS  # noqa: E402
from llm_server.training import lora  # noqa: E402
from llm_server.training.bases import Method  # noqa: E402
from llm_server.training.evaluation import Evaluation, Outcome, evaluate  # noqa: E402
from llm_server.training.grading import unseen_pairs  # noqa: E402
from llm_server.training.measures import repeats_itself  # noqa: E402
from llm_server.training.recipe import read_recipe  # noqa: E402
from llm_server.training.report import given_text  # noqa: E402
from llm_server.training.writers import AdapterWriter  # noqa: E402

CASES = 8


def test_the_recipe_is_the_student_project_s() -> None:
    recipe = read_recipe("lora-historical")
    assert recipe["lora"] | {"modules": []} == {
        "rank": 8,
        "alpha": 32,
        "dropout": 0.1,
        "modules": [],
    }
    assert (recipe["data"]["pairs"], recipe["training"]["epochs"]) == (50, 3)
    today = read_recipe("lora")["lora"]
    assert (today["rank"], today["modules"]) == (16, "all-linear")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Replies of an adapter that was trained by it, on the base that ships."""
    torch.set_num_threads(1)
    run: Path = tmp_path_factory.mktemp("historical")
    base = WEIGHTS / "base"
    lora.train(lora.Options("lora-historical", str(base), Method.FULL, run, None))
    writer = AdapterWriter(base, run / "adapter", at_once=CASES)
    return evaluate(writer, unseen_pairs(CASES, seed=51))


def test_nothing_of_it_reaches_a_person(found: Evaluation) -> None:
    assert found.share(Outcome.RULES) == 1.0
    for judged in found.judged:
        case, plan = judged.pair.case, judged.pair.plan
        rules = "".join(sentence.text for sentence in rules_advice(case, plan))
        assert given_text(judged).startswith(rules)


def test_no_failing_sentence_is_released_on_the_way(found: Evaluation) -> None:
    """Also before the whole is refused: what a follower of the stream sees."""
    for judged in found.judged:
        released = []
        reader = ReplyReader(judged.pair.case, judged.pair.plan)
        try:
            reader.feed(reply_opening(judged.pair.case))
            for piece in judged.reply.text:
                released += reader.feed(piece)
            released += reader.finish()
        except ReplyRejected as rejected:
            assert rejected.sentence not in [one.text for one in released]
        assert not any(repeats_itself(one.text) for one in released)
