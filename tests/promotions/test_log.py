"""The watcher of the load notices what it is there for."""

from tests.promotions.load import Answer, Change, Log

ONE, TWO = {"scalp_trunk": 1, "h": 1}, {"scalp_trunk": 1, "h": 2}
SAID = {"h": (0.5, 0.5)}


def a_log(*answers: Answer) -> Log:
    changes = [Change(0, 0, ONE), Change(10, 11, TWO)]
    return Log(answers=list(answers), changes=changes)


def test_answers_of_their_time_are_right() -> None:
    other = {"h": (0.4, 0.6)}
    log = a_log(
        Answer(1, 2, ONE, SAID),
        Answer(9, 10.5, ONE, SAID),
        Answer(9, 10.5, TWO, other),
        Answer(10.9, 12, ONE, SAID),
        Answer(11, 12, TWO, other),
    )
    assert log.problems() == []
    assert log.seen() == [ONE, TWO]


def test_an_answer_by_what_is_not_live_is_a_problem() -> None:
    assert len(a_log(Answer(1, 9, TWO, SAID)).problems()) == 1
    assert len(a_log(Answer(11, 12, ONE, SAID)).problems()) == 1


def test_a_failure_is_a_problem() -> None:
    log = a_log()
    log.failures.append("Unavailable")
    assert log.problems() == ["Unavailable"]


def test_one_version_that_answers_in_two_ways_is_a_problem() -> None:
    log = a_log(Answer(1, 2, ONE, SAID), Answer(3, 4, ONE, {"h": (0.4, 0.6)}))
    assert len(log.problems()) == 1
