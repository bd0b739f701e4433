"""What a sentence says of seeing a doctor: whether it sends there, or talks out of it.

All looks at plain text (:func:`dupi.advice.text.plain`).
"""

import re
from typing import Final

DOCTOR: Final = re.compile("피부과|전문의|의사|병원|진료|상담|의료기관")
# Only a time is told by it: "새 제품은 상담한 뒤로 미뤄 주세요", "진료 때 챙겨 주세요".
_WHEN: Final = re.compile(
    r"(?:(?:피부과|전문의|의사|병원)(?:의|와|과|에서|에|를)? ?)?"
    r"(?:상담|진료|방문)[을를은는]? ?(?:받|하|한|할|나누|시작)?[가-힣]{0,3} ?"
    r"(?:전|때까지|때|뒤|후|동안)\S*"
    r"|(?:피부과|전문의|의사|병원)\S* (?:\S+ )?(?:다녀온|간|가기|만난|만나기|찾은) ?(?:전|뒤|후)\S*"
)
_PUTS_OFF: Final = re.compile(
    rf"(?:{DOCTOR.pattern})(?!의? ?안내)\S*(?: \S+){{0,4}}? ?(?:"
    r"미루(?!지 ?[말않마])|미뤄|급하지 ?않|급할 것|늦지 ?않|늦춰|천천히|나중|다음 ?(?:주|달|번)"
    r"|취소|그만|지 ?(?:않|못)(?:아|으셔)도|필요(?:는|가)? ?없|안 \S+도 |(?<!빠짐)없이"
    r"|뒤에? (?:받|가|찾|해|하)\S*도"
    r"|지켜 ?[봐보]|참아|참고 지|괜찮(?!아지)|충분(?!하지)"
    r"|(?:알리|말하|가|받|찾|상담하|다니)지 ?(?:마|말|않는))"
)
_LESS_THAN: Final = re.compile(
    r"(?:피부과|전문의|의사|병원|진료|상담|의료기관)\S*(?: \S+){0,2}?(?<!무엇)(?<!누구)(?<!때)보다"
)
_FIRST_WAIT: Final = re.compile(
    rf"(?:지켜 ?[봐보]|참아 ?보|면 (?:그때|그제야)|그때 가서).*(?:{DOCTOR.pattern})"
)
_SENDS: Final = re.compile(
    r"상담[을를]? ?(?:\S+ )?(?:해|하|받)|진료[를을]? ?(?:\S+ )?(?:받|보)"
    r"|찾아|찾는|찾으|방문|들러|들르|가 ?[보주]|가시"
    r"|가는 것|보여|이야기|여쭤|여쭈|물어|묻|확인|살펴볼|의논|먼저"
)


def speaks_of_doctors(text: str) -> bool:
    return bool(DOCTOR.search(text))


def puts_off(text: str) -> bool:
    """Whether ``text`` tells someone to see a doctor later, or not at all."""
    told = _WHEN.sub("", text)
    return any(p.search(told) for p in (_PUTS_OFF, _LESS_THAN, _FIRST_WAIT))


def sends(text: str) -> bool:
    """Whether ``text`` tells someone to see a doctor, or what a doctor will see to."""
    return bool(DOCTOR.search(text) and _SENDS.search(text)) and not puts_off(text)
