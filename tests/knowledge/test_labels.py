import json

import pytest

from dupi.knowledge.labels import ENCODING, BadLabel, PhotoName, parse_grades, parse_metadata
from dupi.knowledge.vocabulary import (
    Condition,
    Gender,
    HairProduct,
    ScalpSite,
    Severity,
    ShampooFrequency,
    TreatmentFrequency,
)

STEM = "0013_A2LEBJJDE00060O_1602578303771_2_TH"
FILE = f"{STEM}.json"


def label(**changes: object) -> bytes:
    record = {"image_id": STEM, "image_file_name": f"{STEM}.jpg"}
    values = {f"value_{n}": str(n % 4) for n in range(1, 7)}
    return json.dumps({**record, **values, **changes}).encode(ENCODING)


def test_photo_name_tells_session_and_site() -> None:
    name = PhotoName.parse(STEM)
    assert (name.site, name.device) == (ScalpSite.CROWN, "A2LEBJJDE00060O")
    assert name.group == "0013_A2LEBJJDE00060O_1602578303771"
    assert str(name) == STEM


@pytest.mark.parametrize("stem", ["", "a_b_c_2", "0013_D_1_2_XX", "0013_D_1_2_TH_more"])
def test_other_names_are_refused(stem: str) -> None:
    with pytest.raises(BadLabel, match="not operator_device_time_position_site"):
        PhotoName.parse(stem)


def test_grades_are_read_in_the_order_of_conditions() -> None:
    assert list(parse_grades(label(), FILE).items()) == [
        (Condition.FINE_SCALING, Severity.MILD),
        (Condition.EXCESS_SEBUM, Severity.MODERATE),
        (Condition.INTERFOLLICULAR_ERYTHEMA, Severity.SEVERE),
        (Condition.FOLLICULAR_PUSTULES, Severity.NONE),
        (Condition.DANDRUFF, Severity.MILD),
        (Condition.HAIR_LOSS, Severity.MODERATE),
    ]


@pytest.mark.parametrize("value", ["4", "-1", "", "x", None, "1.5", [1]])
def test_a_wrong_grade_is_refused_with_the_files_name(value: object) -> None:
    with pytest.raises(BadLabel, match=f"^{FILE}: value_3 "):
        parse_grades(label(value_3=value), FILE)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe{}"])
def test_a_broken_file_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(BadLabel, match=f"^{FILE}: "):
        parse_grades(content, FILE)


def metadata(**answers: str) -> bytes:
    return json.dumps(answers, ensure_ascii=False).encode(ENCODING)


def test_answers_are_read() -> None:
    read = parse_metadata(
        metadata(
            gender="여",
            age="20대",
            location="BH",
            answers1="1주일 1~2회",
            answers2="하지않음",
            answers5="샴푸,린스, 두피세럼",
            answers6="아니오",
        ),
        "x",
    )
    assert (read.gender, read.age, read.site) == (Gender.FEMALE, "20대", ScalpSite.BACK)
    assert read.shampoo_frequency is ShampooFrequency.ONCE_OR_TWICE_A_WEEK
    assert read.perm_frequency is TreatmentFrequency.NEVER
    assert read.products == (
        HairProduct.SHAMPOO,
        HairProduct.CONDITIONER,
        HairProduct.SCALP_SERUM,
    )
    assert read.wants_custom_care is False
    assert read.hair_state is None
    assert not read.unknown


def test_unknown_answers_are_kept_not_refused() -> None:
    read = parse_metadata(metadata(gender="?", answers1="한 달 1회", answers5="샴푸, 비누"), "x")
    assert read.gender is None
    assert read.products == (HairProduct.SHAMPOO,)
    assert read.unknown == {"gender": "?", "answers1": "한 달 1회", "answers5": "비누"}
