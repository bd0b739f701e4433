"""People of AI-Hub-format files, and the data set that is built of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from dupi.knowledge.vocabulary import AgeBand, Condition, Gender, ScalpSite, ShampooFrequency
from llm_server.training import building
from llm_server.training.building import BadPair, Built, build, check_pair, check_split
from llm_server.training.case_records import case_of, record_of
from llm_server.training.data_card import write_card
from llm_server.training.grading import refusal
from llm_server.training.pairs import AdvicePair, combination, is_test_case
from llm_server.training.people import FilesRead, age_band, people_of_files

ANSWERS = {
    "gender": "여",
    "age": "30대",
    "answers1": "1일 2회",
    "answers2": "하지않음",
    "answers3": "4~6회/연",
    "answers4": " 염색  모발\u200b",
    "answers5": "샴푸, 린스",
    "answers6": "예",
    "answers7": "두피자극",
}
SESSION = "0013_A2LEBJJDE00060O_1602578303771"


def write_photo(folder: Path, stem: str, grades: str, **answers: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    values = {f"value_{i + 1}": grade for i, grade in enumerate(grades)}
    (folder / f"{stem}.json").write_text(json.dumps(values), "utf-8-sig")
    record = {**ANSWERS, "location": stem[-2:], **answers}
    (folder / f"{stem}_META.json").write_text(json.dumps(record, ensure_ascii=False), "utf-8-sig")


def test_a_session_is_one_person_with_its_worst_grades(tmp_path: Path) -> None:
    write_photo(tmp_path / "one", f"{SESSION}_2_TH", "010020")
    write_photo(tmp_path / "two" / "deep", f"{SESSION}_6_BH", "200010")
    write_photo(tmp_path / "again", f"{SESSION}_2_TH", "010020")
    read = FilesRead()
    (case,) = people_of_files(tmp_path, read)
    assert [case.grades[c] for c in Condition] == [2, 1, 0, 0, 2, 0]
    assert case.sites == (ScalpSite.CROWN, ScalpSite.BACK)
    assert (case.age_band, case.gender) == (AgeBand.THIRTIES, Gender.FEMALE)
    assert case.survey.shampoo_frequency is ShampooFrequency.TWICE_A_DAY
    assert case.survey.hair_state == "DYED"
    assert (read.photos, read.people, read.repeated) == (2, 1, 1)
    assert list(people_of_files(tmp_path, FilesRead())) == [case]


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    write_photo(tmp_path, f"{SESSION}_2_TH", "010090")
    write_photo(tmp_path, "0014_A_1_2_TH", "000000", answers1="가끔")
    write_photo(tmp_path, "not_a_name", "000000")
    (tmp_path / "0015_A_1_2_TH_META.json").write_text("{", "utf-8")
    read = FilesRead()
    assert list(people_of_files(tmp_path, read)) == []
    assert (read.photos, read.refused, read.incomplete) == (1, 3, 4)
    assert read.unknown == {"answers1: 가끔": 1}


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("30대", "THIRTIES"),
        ("30-", "THIRTIES"),
        ("60대 이상", "SIXTIES_AND_OVER"),
        ("80대", "SIXTIES_AND_OVER"),
        ("", None),
    ],
)
def test_ages_are_read_in_both_forms(age: str, band: str | None) -> None:
    assert age_band(age) == band


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("labels")
    for i in range(6):
        write_photo(folder, f"001{i}_A2LEBJJDE00060O_160257830377{i}_2_TH", f"0{i % 4}00{i % 3}0")
    return build(60, 10, seed=5, labels=folder)


def test_pairs_are_unique_checked_and_split_by_combination(built: Built) -> None:
    train, test = built.pairs["train"], built.pairs["test"]
    assert (len(train), len(test), built.files.people) == (60, 10, 6)
    assert len({pair.reply for pair in train + test}) == 70
    assert not {combination(p.case) for p in train} & {combination(p.case) for p in test}
    assert all(is_test_case(pair.case) for pair in test)
    assert not any(refusal(pair, pair.reply) for pair in train + test)


def test_who_differs_only_in_age_is_the_same_combination(built: Built) -> None:
    case = built.pairs["train"][0].case
    other = type(case)(case.grades, case.survey, AgeBand.FIFTIES, None, (ScalpSite.BACK,))
    assert combination(case) == combination(other)


def test_a_bad_pair_stops_the_build(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = built.pairs["train"][0]
    for reply in (
        "[관리] 샴푸 샴푸 샴푸",
        pair.reply + " 병원에 갈 필요가 없어요.",
        pair.reply.replace(" ", "  ", 1),
    ):
        with pytest.raises(BadPair):
            check_pair(AdvicePair(pair.case, pair.plan, reply))
    mixed = Built()
    for split in mixed.combinations:
        mixed.combinations[split].add(combination(pair.case))
    with pytest.raises(BadPair, match="trained on and tested"):
        check_split(mixed)
    monkeypatch.setattr(building, "check_pair", lambda pair: (_ for _ in ()).throw(BadPair("bad")))
    with pytest.raises(BadPair):
        build(1, 0, seed=1)


def test_cases_are_kept_whole(built: Built) -> None:
    for pair in built.pairs["test"]:
        assert case_of(json.loads(json.dumps(record_of(pair.case)))) == pair.case


def test_the_card_says_what_was_measured(built: Built, tmp_path: Path) -> None:
    card = write_card(tmp_path / "CARD.md", built, seed=5)
    assert (tmp_path / "CARD.md").read_text("utf-8") == card
    for said in (
        "| pairs, all unique | 60 | 10 |",
        "6 of 6 photos' label files",
        "나이: ",
        "distinct 4-grams",
    ):
        assert said in card
