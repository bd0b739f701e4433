"""What every analysis is shown with: what it is not, and what the models were trained on."""

from typing import Final

from dupi.knowledge.vocabulary import Locale

_NOTICE: Final = {
    Locale.KO: (
        "이 결과는 의학적 진단이 아니라 두피 상태를 참고로 확인하고 관리하기 위한 안내입니다. "
        "함께 제공되는 모델은 합성(그려서 만든) 두피 사진으로 학습했으며 "
        "임상적으로 검증되지 않았습니다. "
        "통증, 고름, 출혈, 발열, 갑작스러운 탈모가 있으면 의료기관에서 진료를 받으세요."
    ),
    Locale.EN: (
        "This is not a medical diagnosis but guidance for checking on and caring for your scalp. "
        "The models that come with it were trained on synthetic (drawn) scalp photos and have not "
        "been clinically validated. With pain, pus, bleeding, fever or sudden hair loss, please "
        "see a doctor."
    ),
}


def analysis_notice(locale: Locale = Locale.KO) -> str:
    return _NOTICE[locale]
