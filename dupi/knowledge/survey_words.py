"""Words of the survey, Korean first, English second. The Korean follows the reference dataset."""

from collections.abc import Mapping
from typing import Final

QUESTION_TEXTS: Final[
    Mapping[str, tuple[tuple[str, str | None], tuple[str, str | None]]]
] = {
    "shampooFrequency": (
        ("샴푸를 얼마나 자주 하시나요?", None),
        ("How often do you shampoo?", None),
    ),
    "permFrequency": (
        ("펌을 얼마나 자주 하시나요?", None),
        ("How often do you perm your hair?", None),
    ),
    "dyeFrequency": (
        ("염색을 얼마나 자주 하시나요?", "집에서 하는 염색도 포함해요."),
        ("How often do you dye your hair?", "Dyeing at home counts too."),
    ),
    "hairState": (
        ("지금 모발은 어떤 상태인가요?", None),
        ("What is your hair like now?", None),
    ),
    "products": (
        ("지금 쓰고 있는 두피·모발용 제품을 모두 골라 주세요.", "쓰는 제품이 없으면 비워 두세요."),
        ("Which scalp and hair products do you use?", "Leave it empty if you use none."),
    ),
    "wantsCustomCare": (
        ("맞춤 두피 케어 제품을 써 보고 싶으신가요?", None),
        ("Would you like products matched to your scalp?", None),
    ),
    "purchasePriority": (
        ("샴푸를 살 때 무엇을 가장 중요하게 보시나요?", None),
        ("What matters most when you buy a shampoo?", None),
    ),
    "symptoms": (
        ("지금 두피에서 느끼는 증상을 모두 골라 주세요.", "없으면 비워 두세요. 안전 확인용이에요."),
        ("Which of these do you notice now?", "Leave it empty if none. We ask for safety."),
    ),
    "circumstances": (
        ("해당하는 상황이 있으면 골라 주세요.", None),
        ("Do any of these apply to you?", None),
    ),
}  # fmt: skip

LABELS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "ShampooFrequency": {
        "TWICE_A_DAY": ("하루 두 번", "Twice a day"),
        "ONCE_A_DAY": ("하루 한 번", "Once a day"),
        "EVERY_OTHER_DAY": ("이틀에 한 번", "Every other day"),
        "ONCE_OR_TWICE_A_WEEK": ("일주일에 한두 번", "Once or twice a week"),
    },
    "TreatmentFrequency": {
        "NEVER": ("하지 않음", "Never"),
        "ONE_TO_THREE_A_YEAR": ("연 1~3회", "1 to 3 times a year"),
        "FOUR_TO_SIX_A_YEAR": ("연 4~6회", "4 to 6 times a year"),
        "SEVEN_OR_MORE_A_YEAR": ("연 7회 이상", "7 times a year or more"),
    },
    "HairState": {
        "NATURAL": ("자연 모발", "Natural"),
        "PERMED": ("펌 모발", "Permed"),
        "DYED": ("염색 모발", "Dyed"),
        "HAIR_LOSS": ("탈모 모발", "Thinning"),
        "CURLY": ("곱슬 모발", "Curly"),
        "WIG_OR_EXTENSIONS": ("가발 또는 붙임머리", "Wig or extensions"),
        "TRANSPLANT_OR_PROCEDURE": ("모발 이식 또는 시술", "Hair transplant or procedure"),
        "OTHER": ("기타", "Other"),
    },
    "HairProduct": {
        "SHAMPOO": ("샴푸", "Shampoo"),
        "CONDITIONER": ("린스", "Conditioner"),
        "TREATMENT": ("트리트먼트", "Treatment"),
        "HAIR_ESSENCE": ("헤어 에센스", "Hair essence"),
        "STYLING_PRODUCT": ("헤어 스타일링 제품", "Styling product"),
        "SCALP_SCALER": ("두피 스케일링제", "Scalp scaler"),
        "SCALP_SERUM": ("두피 세럼", "Scalp serum"),
        "HAIR_LOSS_PRODUCT": ("탈모 관련 제품", "Hair loss product"),
        "OTHER": ("기타", "Other"),
    },
    "PurchasePriority": {
        "CLEANSING": ("세정력", "Cleansing"),
        "LOW_IRRITATION": ("두피 자극", "Low irritation"),
        "HAIR_TEXTURE": ("머릿결", "Hair texture"),
        "SCENT": ("향", "Scent"),
        "AFTER_RINSE_FEEL": ("헹군 뒤 느낌", "Feel after rinsing"),
        "PRICE": ("가격", "Price"),
    },
    "Symptom": {
        "PAIN": ("통증", "Pain"),
        "ITCHING": ("가려움", "Itching"),
        "BURNING": ("화끈거림", "Burning"),
        "PUS": ("고름", "Pus"),
        "BLEEDING": ("출혈", "Bleeding"),
        "FEVER": ("열", "Fever"),
        "SUDDEN_SHEDDING": ("갑작스러운 모발 빠짐", "Sudden shedding"),
        "PATCHY_LOSS": ("동그란 모발 빠짐", "Round bald patches"),
    },
    "Circumstance": {
        "PREGNANT": ("임신 중", "Pregnant"),
        "NURSING": ("수유 중", "Nursing"),
        "UNDER_SCALP_TREATMENT": ("두피 문제로 병원에 다니는 중", "Seeing a doctor for the scalp"),
        "RECENT_SCALP_PROCEDURE": ("최근 두피 시술", "Recent scalp procedure"),
    },
}
