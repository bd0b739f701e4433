"""Why an analysis failed, in words for people."""

from typing import Final

from dupi.analyses.models import AnalysisFailureCode
from dupi.knowledge.vocabulary import Locale

_MESSAGES: Final = {
    AnalysisFailureCode.CLASSIFIER_UNAVAILABLE: (
        "분석 서버에 연결하지 못했습니다. 잠시 뒤에 다시 요청해 주세요.",
        "The classifiers could not be reached. Please ask again later.",
    ),
    AnalysisFailureCode.DEADLINE_EXCEEDED: (
        "분석이 제시간에 끝나지 않았습니다. 다시 요청해 주세요.",
        "The analysis did not end in time. Please ask again.",
    ),
    AnalysisFailureCode.PHOTO_UNREADABLE: (
        "사진을 읽을 수 없습니다. 사진을 다시 올려 주세요.",
        "A photo could not be read. Please upload it again.",
    ),
    AnalysisFailureCode.INTERNAL: (
        "예상하지 못한 문제로 분석하지 못했습니다.",
        "The analysis failed for a reason on our side.",
    ),
}


def failure_message(code: AnalysisFailureCode, locale: Locale) -> str:
    korean, english = _MESSAGES[code]
    return korean if locale is Locale.KO else english
