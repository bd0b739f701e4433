"""The reckoning after kills finds what is broken: each kind of harm, done on purpose."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.invariants import broken_invariants
from tests.faults.ledger import Deletion, KnownAnalysis, KnownPhoto, Ledger, Stage
from tests.faults.readback import differences
from tests.faults.snapshot import Snapshot

_OWNER = "mina"
_EVENTS: list[dict[str, Any]] = [
    {"kind": "STATUS_CHANGED", "status": "QUEUED"},
    {"kind": "STATUS_CHANGED", "status": "CLASSIFYING"},
    {"kind": "FINDINGS_READY"},
    {"kind": "PLAN_READY"},
    {"kind": "STATUS_CHANGED", "status": "ADVISING"},
    {"kind": "ADVICE_DELTA", "text": "이 말은 "},
    {"kind": "ADVICE_RESTARTED"},
    {"kind": "ADVICE_DELTA", "text": "천천히 "},
    {"kind": "ADVICE_DELTA", "text": "감으세요."},
    {"kind": "FINISHED"},
]

World = tuple[Ledger, dict[str, Any]]


def _events(*events: dict[str, Any]) -> dict[str, Any]:
    return {str(n): event | {"sequence": n} for n, event in enumerate(events, start=1)}


def _analysis(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "_id": "a1",
        "owner_id": _OWNER,
        "status": "COMPLETED",
        "keeping": "KEPT",
        "advice": {"text": "천천히 감으세요."},
        "photo_findings": [{"findings": [{"attention_key": f"analyses/{_OWNER}/a1/map.png"}]}],
        "events": _events(*events),
        "next_sequence": len(events) + 1,
    } | changes


@pytest.fixture
def world() -> World:
    """One photo and one completed analysis, told of and stored."""
    ledger = Ledger(
        photos={"p1": KnownPhoto("p1", _OWNER, "photo key")},
        analyses={"a1": KnownAnalysis("a1", _OWNER, "key", ("p1",), stage=Stage.ENDED)},
        tokens={_OWNER: "token"},
    )
    files = {name: f"photos/{_OWNER}/p1/{name}.jpg" for name in ("image", "thumbnail")}
    photo = {f"{name}_key": path for name, path in files.items()}
    stored = {
        "analyses": {"a1": _analysis(*deepcopy(_EVENTS))},
        "photos": {"p1": {"_id": "p1", "owner_id": _OWNER, "keeping": "KEPT"} | photo},
        "keys": {"k": {"result_id": "a1"}},
        "files": frozenset({*files.values(), f"analyses/{_OWNER}/a1/map.png"}),
    }
    return ledger, stored


def _found(world: World) -> list[str]:
    ledger, stored = world
    return broken_invariants(ledger, Snapshot(**stored))


def test_a_whole_world_has_no_problem(world: World) -> None:
    assert _found(world) == []


def test_a_retried_analysis_has_no_problem(world: World) -> None:
    failed = [*_EVENTS[:2], {"kind": "FINISHED"}]
    world[1]["analyses"]["a1"] = _analysis(*failed, *deepcopy(_EVENTS))
    assert _found(world) == []


def test_what_an_unanswered_request_made_is_no_problem(world: World) -> None:
    ledger, stored = world
    ledger.unanswered_uploads["k"] = ledger.unanswered["k"] = _OWNER
    stored["photos"]["p2"] = stored["photos"]["p1"] | {"_id": "p2"}
    stored["analyses"]["a2"] = stored["analyses"]["a1"] | {"_id": "a2"}
    assert _found(world) == []


def _lose_photo(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["photos"], stored["files"] = (
        {},
        stored["files"] - {path for path in stored["files"] if path.startswith("photos")},
    )


def _lose_analysis(ledger: Ledger, stored: dict[str, Any]) -> None:
    ledger.analyses["a2"] = replace(ledger.analyses["a1"], id="a2", key="other")


def _hang(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"] = _analysis(*_EVENTS[:2], status="CLASSIFYING")


def _ignore_cancel(ledger: Ledger, stored: dict[str, Any]) -> None:
    ledger.analyses["a1"].is_cancelled = True


def _make_another(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a2"] = stored["analyses"]["a1"] | {"_id": "a2"}


def _double_photo(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["photos"]["p2"] = stored["photos"]["p1"] | {"_id": "p2"}


def _double_photo_while_one_is_awaited(ledger: Ledger, stored: dict[str, Any]) -> None:
    ledger.unanswered_uploads["another key"] = _OWNER
    for identity in ("p2", "p3"):
        stored["photos"][identity] = stored["photos"]["p1"] | {"_id": identity}


def _answer_with_two_photos(ledger: Ledger, stored: dict[str, Any]) -> None:
    _double_photo(ledger, stored)
    ledger.photos["p2"] = replace(ledger.photos["p1"], id="p2")


def _use_key_twice(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["keys"]["k2"] = {"result_id": "a1"}


def _forget_deletion(ledger: Ledger, stored: dict[str, Any]) -> None:
    ledger.analyses["a1"].deletion = Deletion.DONE


def _never_finish_deleting(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"] = {"_id": "a1", "owner_id": _OWNER, "keeping": "DELETING"}


def _leave_file(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["files"] |= {f"photos/{_OWNER}/p9/image.jpg"}


def _leave_half_a_file(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["files"] |= {f"photos/{_OWNER}/p1/.new-x"}


def _lose_file(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["files"] -= {f"analyses/{_OWNER}/a1/map.png"}


def _lose_event(ledger: Ledger, stored: dict[str, Any]) -> None:
    del stored["analyses"]["a1"]["events"]["3"]


def _tell_findings_twice(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"] = _analysis(*_EVENTS[:3], *_EVENTS[2:])


def _go_back(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"] = _analysis(*_EVENTS[:5], _EVENTS[1], *_EVENTS[5:])


def _end_twice(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"] = _analysis(*_EVENTS, _EVENTS[-1])


def _tell_after_the_end(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"] = _analysis(*_EVENTS, {"kind": "ADVICE_RESTARTED"})


def _garble_words(ledger: Ledger, stored: dict[str, Any]) -> None:
    stored["analyses"]["a1"]["advice"]["text"] = "빨리 감으세요."


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_lose_photo, "photo p1 was acknowledged and is lost"),
        (_lose_analysis, "analysis a2 was acknowledged and is lost"),
        (_hang, "analysis a1 hangs: it is CLASSIFYING"),
        (_ignore_cancel, "was cancelled and is COMPLETED"),
        (_make_another, "has 1 analyses that nobody was told of"),
        (_double_photo, "has 1 photos that nobody was told of"),
        (_double_photo_while_one_is_awaited, "has 2 photos that nobody was told of"),
        (_answer_with_two_photos, "key photo key made 2 photos"),
        (_use_key_twice, "a1 belongs to 2 keys"),
        (_forget_deletion, "was deleted and is there"),
        (_never_finish_deleting, "deleting analysis a1 does not come to an end"),
        (_leave_file, "p9/image.jpg belongs to nothing"),
        (_leave_half_a_file, ".new-x belongs to nothing"),
        (_lose_file, "map.png is missing"),
        (_lose_event, "its events are numbered"),
        (_tell_findings_twice, "FINDINGS_READY was told 2 times"),
        (_go_back, "its states come in the order"),
        (_end_twice, "it ended 2 times"),
        (_tell_after_the_end, "told more after its end"),
        (_garble_words, "are not its advice"),
    ],
)
def test_harm_is_found(
    world: World, harm: Callable[[Ledger, dict[str, Any]], None], said: str
) -> None:
    harm(*world)
    problems = _found(world)
    assert [problem for problem in problems if said in problem], problems


def test_what_a_follower_missed_or_heard_twice_is_found() -> None:
    told = [{"__typename": "AnalysisPlanReady", "sequence": n} for n in (1, 2, 3)]
    assert list(differences(told, told)) == []
    assert list(differences(told[:2], told))
    assert list(differences([told[0], told[2]], told))
    assert list(differences([told[0], *told], told))
    assert list(differences([told[0], told[1] | {"__typename": "Other"}, told[2]], told))
