"""What a sentence says of a person and their answers, held against the case."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from dupi.advice.text import COUNTS
from dupi.knowledge.plan import Case
from dupi.knowledge.survey import label
from dupi.knowledge.vocabulary import (
    AgeBand,
    Circumstance,
    Gender,
    HairProduct,
    HairState,
    PurchasePriority,
    Symptom,
    TreatmentFrequency,
)

TOLD: Final = re.compile(
    r"하셨(?!더)|하셔서|답하|(?<!답)답해|적어 주|고르신|쓰고 계|쓰신다|하고 계|하시는 편|감고 계"
    r"|감으신|계신다|계시|이시|이신|느끼신|여기신|보신다|원하신|원한다|다니고|받으셨"
)
"""Speaks of what the person answered."""

_BANDS: Final = {
    **dict.fromkeys(("십대", "10대"), AgeBand.TEENS),
    **dict.fromkeys(("이십대", "20대"), AgeBand.TWENTIES),
    **dict.fromkeys(("삼십대", "30대"), AgeBand.THIRTIES),
    **dict.fromkeys(("사십대", "40대"), AgeBand.FORTIES),
    **dict.fromkeys(("오십대", "50대"), AgeBand.FIFTIES),
    **dict.fromkeys(("육십대", "60대", "70대", "80대"), AgeBand.SIXTIES_AND_OVER),
}
_AGE: Final = re.compile("|".join(sorted(_BANDS, key=len, reverse=True)))
_YEARS: Final = re.compile(r"\d+ ?(?:세|살)|[열스서마쉰예][가-힣]{0,3} 살")
_GENDER: Final = re.compile("(여성|여자)|(남성|남자)")
_OTHERS: Final = re.compile(
    r"(?<![가-힣])[가-힣]{2,4} ?님|[가-힣]{2,4} (?:씨|고객|환자)(?=[의은는이가,]|$)"
    r"|따님|아드님|아이의|자녀"
)
_CALLED: Final = re.compile("(?:회원|고객|이용자|선생|의사) ?님")
_OFTEN: Final = re.compile(
    r"(하루|매일|1일)에? ?(한|두|세|네|1|2|3) ?(?:번|회)|이틀에 ?(?:한 ?번|1회)"
    r"|(?:일주일에?|1주일에?|주) ?(?:한두|1~2|한|두|세|네|\d) ?(?:번|회)"
    r"|(?:연|1년에|일 년에|한 해에) ?[\d~]+ ?회(?: 이상)?"
)
_AMOUNT: Final = re.compile(
    rf"\d|(?<![가-힣])(?:{COUNTS}) ?(?:번|회|달|주|시간|차례|개월|배)|절반|퍼센트"
)
_WASHING: Final = re.compile("샴푸|머리|감으|감고")
_TREATED: Final = {"펌": "perm_frequency", "염색": "dye_frequency"}
_NEVER: Final = re.compile(r"(펌|염색)\S* (?:거의 |전혀 )?(?:하지 않|안 하)")
_DOES: Final = re.compile(r"(펌|염색)\S* (?:자주 )?(?:하신|하고 계|하시)")
_USED: Final = re.compile(r"쓰신다|쓰고 계|쓰시|사용하|쓰는")
_RANKED: Final = re.compile("중요하게|먼저 보신|우선")
_HAS: Final = re.compile("다고|있으시|느끼|느껴|고르신")
_WANTS: Final = re.compile(r"맞춤\S*.*(?:원하|원한|희망|써 보고 싶|관심)")
_PREGNANT: Final = re.compile("임신|수유")
_HAIR: Final = {
    HairState.WIG_OR_EXTENSIONS: "가발|붙임머리",
    HairState.TRANSPLANT_OR_PROCEDURE: "이식",
    HairState.CURLY: "곱슬",
    HairState.NATURAL: "자연 모발",
    HairState.PERMED: "펌 모발",
    HairState.DYED: "염색 모발",
    HairState.HAIR_LOSS: "탈모 모발",
}
_FELT: Final[Mapping[Symptom, str]] = {
    Symptom.PAIN: "통증|아프다",
    Symptom.ITCHING: "가려움|가렵다",
    Symptom.BURNING: "화끈",
    Symptom.PUS: "고름",
    Symptom.BLEEDING: "출혈|피가 난",
    Symptom.FEVER: "(?<![가-힣])열(?=[이과와은 ])",
    Symptom.SUDDEN_SHEDDING: "갑자기|갑작스",
    Symptom.PATCHY_LOSS: "동그랗|동그란|둥글",
}
_FEELS: Final[Mapping[Symptom, str]] = {
    Symptom.PAIN: "아프[니므]|아파서",
    Symptom.ITCHING: "가려우[니므]|가려워서",
    Symptom.BURNING: "화끈거리[니므]|화끈거려서|두피가 따가[우워]",
    Symptom.PUS: "고름이 [나있]",
}
"""What a person feels, told as it were so."""
_PRODUCTS: Final[Mapping[HairProduct, str]] = {
    HairProduct.CONDITIONER: "린스",
    HairProduct.TREATMENT: "트리트먼트",
    HairProduct.HAIR_ESSENCE: "에센스",
    HairProduct.STYLING_PRODUCT: "스타일링 ?제품",
    HairProduct.SCALP_SCALER: "스케일링제",
    HairProduct.SCALP_SERUM: "세럼",
    HairProduct.HAIR_LOSS_PRODUCT: "탈모 관련 제품",
}
_CLAUSE: Final = re.compile(
    r"(?:(?<=[니데며])|(?<=니까)|(?<=므로)|(?<=지만)|(?<=만큼)|(?<=셔서)"
    r"|(?<![다라]고)(?<=고)(?! 계)),? |, "
)


def contradicts_person(text: str, case: Case, *, whole: bool = False) -> bool:
    """Whether ``text`` is about someone else: another name, age, sex, or other answers.

    ``whole``: all of it tells of the person, not only clauses that say so.
    """
    clauses = [text] if whole else told_clauses(text)
    return (
        any(_BANDS[match.group()] is not case.age_band for match in _AGE.finditer(text))
        or bool(_YEARS.search(text))
        or any(_other_gender(match, case) for match in _GENDER.finditer(text))
        or bool(_OTHERS.search(_CALLED.sub("", text)))
        or any(s not in case.survey.symptoms and re.search(p, text) for s, p in _FEELS.items())
        or any(_other_answer(clause, case) for clause in clauses)
    )


def told_clauses(text: str) -> Iterator[str]:
    """Clauses that tell what the person answered."""
    return (clause for clause in _clauses(text) if TOLD.search(clause))


def without_told(text: str) -> str:
    """``text`` without the clauses that tell what the person answered."""
    return " ".join(clause for clause in _clauses(text) if not TOLD.search(clause))


def numbers_beside(text: str) -> bool:
    """Whether ``text`` holds a number that is neither an age nor how often something is done."""
    return bool(_AMOUNT.search(_OFTEN.sub("", _AGE.sub("", text))))


def _clauses(text: str) -> list[str]:
    return _CLAUSE.split(text)


def _other_gender(match: re.Match[str], case: Case) -> bool:
    return case.gender is not (Gender.FEMALE if match.group(1) else Gender.MALE)


def _other_answer(text: str, case: Case) -> bool:
    return (
        _other_habits(text, case)
        or _other_products(text, case)
        or _other_feelings(text, case)
        or _other_circumstances(text, case)
    )


def _other_habits(text: str, case: Case) -> bool:
    survey = case.survey
    for name, field in _TREATED.items():
        often = getattr(survey, field)
        never, does = _NEVER.search(text), _DOES.search(text)
        if never and never.group(1) == name and often is not TreatmentFrequency.NEVER:
            return True
        if does and does.group(1) == name and often is TreatmentFrequency.NEVER:
            return True
    true = {_bare(label(value)) for value in _habits(text, case)}
    return any(_bare(match.group()) not in true for match in _OFTEN.finditer(text))


def _habits(text: str, case: Case) -> Iterator[StrEnum]:
    survey = case.survey
    if _WASHING.search(text):
        yield survey.shampoo_frequency
    yield from (getattr(survey, field) for name, field in _TREATED.items() if name in text)


def _bare(often: str) -> str:
    """How often, however it is written: ``주 1~2회`` as ``일주일에 한두 번``."""
    same = {
        "하루에": "하루",
        "1일": "하루",
        "매일": "하루",
        "1회": "한번",
        "2회": "두번",
        "주1~두번": "일주일에한두번",
    }
    bare = often.replace(" ", "")
    for written, meant in same.items():
        bare = bare.replace(written, meant) if not bare.startswith("연") else bare
    return bare


def _other_products(text: str, case: Case) -> bool:
    return bool(_USED.search(text)) and any(
        product not in case.survey.products and re.search(pattern, text)
        for product, pattern in _PRODUCTS.items()
    )


def _other_feelings(text: str, case: Case) -> bool:
    has = _HAS.search(text) and any(
        symptom not in case.survey.symptoms and re.search(pattern, text)
        for symptom, pattern in _FELT.items()
    )
    ranked = _RANKED.search(text) and any(
        value is not case.survey.purchase_priority
        and re.search(rf"(?<![가-힣]){label(value)}", text)
        for value in PurchasePriority
    )
    return bool(has or ranked)


def _other_circumstances(text: str, case: Case) -> bool:
    survey = case.survey
    pregnant = {Circumstance.PREGNANT, Circumstance.NURSING} & set(survey.circumstances)
    treated = Circumstance.UNDER_SCALP_TREATMENT in survey.circumstances
    return bool(
        (_PREGNANT.search(text) and not pregnant)
        or (re.search("다니(고|는|신)", text) and "병원" in text and not treated)
        or (_WANTS.search(text) and not survey.wants_custom_care)
        or any(
            re.search(pattern, text) and survey.hair_state is not state
            for state, pattern in _HAIR.items()
        )
    )
