"""Korean words of the printed rules (``rule_sheet.py``)."""

from typing import Final

from dupi.knowledge.rule_entries import Rung
from dupi.knowledge.vocabulary import AgeBand, Gender, ReferralUrgency

NOT_REVIEWED: Final = "없음. 피부과 전문의의 검토를 아직 받지 않았습니다 (not reviewed yet)"
KINDS: Final = {"habit": "습관", "check": "확인", "product": "제품"}
URGENCIES: Final = {
    ReferralUrgency.URGENT: "오늘",
    ReferralUrgency.PROMPT: "며칠 안",
    ReferralUrgency.SOON: "2주 안",
}
RUNGS: Final = {
    Rung.CARE: "관리만",
    Rung.LOOK_LATER: "한 달 뒤 다시 보기",
    Rung.LOOK_AGAIN: "2주 뒤(모발은 석 달 뒤) 다시 보기",
    Rung.DOCTOR_AFTER_A_MONTH: "한 달 뒤에도 그대로면 피부과",
    Rung.DOCTOR_AFTER_TWO_WEEKS: "2주 뒤에도 그대로면 피부과",
    Rung.DOCTOR_ADVISED: "피부과 상담",
    Rung.REFERRAL_SOON: "2주 안 상담 권고",
    Rung.REFERRAL_PROMPT: "며칠 안 상담 권고",
    Rung.REFERRAL_URGENT: "오늘 진료 권고",
}
AGES: Final = dict(zip(AgeBand, ("10대", "20대", "30대", "40대", "50대", "60대 이상"), strict=True))
GENDERS: Final = {Gender.FEMALE: "여성", Gender.MALE: "남성", Gender.OTHER: "그 밖·답하지 않음"}
DEFAULTS: Final = {
    "code": "아무것도 없을 때",
    "irritated": "가렵거나 화끈거리기만 할 때",
    "dry_and_oily": "미세각질과 피지과다가 같은 등급으로 가장 높을 때",
}
QUESTIONS: Final = {
    "shampoo_frequency": "샴푸",
    "perm_frequency": "펌",
    "dye_frequency": "염색",
    "hair_state": "모발",
    "priority": "샴푸를 고르는 기준",
    "ages": "나이",
    "genders": "성별",
    "sites": "부위",
    "products": "쓰는 제품",
    "symptoms": "증상",
    "circumstances": "상황",
    "shampoo": "고른 샴푸",
}
FLAGS: Final = {
    "elevated": ("경증 이상이 있을 때", "경증 이상이 없을 때"),
    "all_none": ("여섯 항목이 모두 양호할 때", "모두 양호하지는 않을 때"),
    "abstained": ("판단을 미룬 항목이 있을 때", "모두 판단했을 때"),
    "custom_care": ("맞춤 케어를 원할 때", "맞춤 케어를 원하지 않을 때"),
    "referral": ("상담을 권할 때", "상담을 권하지 않을 때"),
}
