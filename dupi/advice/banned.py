"""Words that an advice never holds, whatever the plan says."""

import re
from typing import Final

_GAP: Final = r"[\W_]{1,3}"


def _split(word: str) -> str:
    """``word``, or its syllables with signs or spaces between ("진 단", but not "사진 단계")."""
    return rf"{word}|(?<![가-힣]){_GAP.join(word)}"


CLAIMS: Final = re.compile(
    "|".join(
        [
            *map(_split, ("진단", "치료", "처방", "완치", "치유", "완쾌", "특효", "효능", "만병", "보장")),
            r"낫게|나을 수|낫습니다|나아집니다|싹 사라|말끔히 사라|뿌리 ?뽑",
            r"(비듬|각질|탈모|홍반|농포|피지|염증)\S* (없애|없앨|사라지|사라집)",
            r"부작용\S* 없|재발\S* 않|재발 ?방지|재발\S* 없|의학적으로|임상적으로|임상 ?시험|입증|증명",
            r"병원\S* (갈|가실|안 가|가지 않)\S*|의사\S* 필요 ?없|상담\S* 필요 ?없|발모|모발 ?재생|머리카락\S* 다시 (자라|나)",
            r"무조건|반드시 좋아|확실히 좋아|백 ?퍼센트|100",
        ]
    )
)  # fmt: skip
"""Claims of diagnosis, treatment or cure, of certainty, and advice against seeing a doctor."""

DRUGS: Final = re.compile(
    r"미녹시딜|피나스테리드|두타스테리드|케토코나졸|시클로피록스|클로트리마졸|피리치온|피로크톤|"
    r"살리실산|스테로이드|하이드로코르티손|클로베타솔|덱사메타손|항생제|항진균|항히스타민|소염|"
    r"진통제|해열제|연고|타이레놀|이부프로펜|아스피린|니조랄|로게인|프로페시아|아보다트|판시딜|"
    r"판토가|마이녹실|사이클린|스피로노락톤|호르몬|비오틴|영양제|보충제|비타민|한약|한방|"
    r"주사|레이저|알약|캡슐|복용|투여|약국|의약|약물|(?<!염색)약을|약품|약용|"
    r"(바르는|먹는|탈모|비듬|두피|붙이는) ?약(?![산한하해간])"
)
_UNITS: Final = "알|캡슐|스푼|숟가락|방울|컵|펌프"
DOSES: Final = re.compile(
    rf"\d ?(?:mg|ml|g|cc|ppm|그램|밀리|리터|퍼센트|%|정(?!도)|병(?!원)|도포|회분|{_UNITS})"
    rf"|(?<![가-힣])(?:한|두|세|네|반) (?:{_UNITS})",
    re.IGNORECASE,
)
FOREIGN: Final = (
    "식초", "소주", "맥주", "소금", "마늘", "양파", "생강", "알로에", "티트리", "에센셜", "오일", "코코넛",
    "베이킹소다", "치약", "알코올", "소독", "과산화", "녹차", "레몬", "꿀", "우유", "달걀", "계란", "세럼",
    "앰플", "토닉", "에센스", "마스크", "두피 팩", "헤어팩", "스크럽", "브러시", "필링", "스케일링", "시술", "이식",
    "수술", "마사지", "부항", "사우나", "찜질", "왁스", "탈색", "삭발", "면도", "금식", "단식", "술을", "담배",
    "린스", "트리트먼트", "드라이기", "가발", "헤드앤숄더", "닥터포헤어", "케라시스", "엘라스틴", "로레알", "아모레",
)  # fmt: skip
"""Things that may be named only where the plan names them."""

NOT_KOREAN: Final = re.compile(r"[^가-힣0-9\s.,~/·!?%()\-'\"“”‘’:]")
"""Anything but Hangul syllables, digits and plain signs."""
