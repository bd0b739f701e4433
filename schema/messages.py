"""What people read when something is refused, in Korean and English."""

from typing import Final

from dupi.errors import DupiError, ErrorCode, FieldErrorCode, RetryLater
from dupi.knowledge.vocabulary import Locale

_Text = tuple[str, str]

_BY_CODE: Final[dict[ErrorCode, _Text]] = {
    ErrorCode.INVALID_INPUT: ("입력한 내용을 확인해 주세요.", "Please check what you entered."),
    ErrorCode.UNAUTHENTICATED: ("로그인이 필요합니다.", "Please log in."),
    ErrorCode.INVALID_CREDENTIALS: (
        "이메일 또는 비밀번호가 맞지 않거나 로그인이 만료되었습니다.",
        "The e-mail or password is wrong, or the log-in has expired.",
    ),
    ErrorCode.FORBIDDEN: ("권한이 없습니다.", "You may not do this."),
    ErrorCode.NOT_FOUND: ("찾을 수 없습니다.", "There is no such thing."),
    ErrorCode.CONFLICT: (
        "다른 변경과 겹쳐 처리하지 못했습니다.",
        "This conflicts with what stands already.",
    ),
    ErrorCode.CONSENT_REQUIRED: ("먼저 동의가 필요합니다.", "A consent is needed first."),
    ErrorCode.RATE_LIMITED: (
        "요청이 너무 많습니다. {seconds}초 뒤에 다시 시도해 주세요.",
        "Too many requests. Please try again in {seconds} seconds.",
    ),
    ErrorCode.UNSUPPORTED_IMAGE: (
        "사용할 수 없는 파일입니다. JPEG, PNG, WebP 사진을 올려 주세요.",
        "This file cannot be used. Please upload a JPEG, PNG or WebP photo.",
    ),
    ErrorCode.POOR_IMAGE: (
        "사진의 품질이 낮아 확인할 수 없습니다. 다시 찍어 주세요.",
        "The photo is too poor to be read. Please take another one.",
    ),
    ErrorCode.UNAVAILABLE: (
        "지금은 처리할 수 없습니다. {seconds}초 뒤에 다시 시도해 주세요.",
        "This cannot be done right now. Please try again in {seconds} seconds.",
    ),
}
_BY_REASON: Final[dict[str, _Text]] = {
    "idempotency_key": (
        "같은 요청 키가 다른 내용으로 이미 사용되었습니다.",
        "This idempotency key was used for something else.",
    ),
    "export_running": (
        "이미 데이터를 모으고 있습니다. 끝나면 내려받을 수 있습니다.",
        "Your data is being gathered already. You can fetch it when that is done.",
    ),
    "analysis_finished": (
        "이미 끝난 분석입니다.",
        "This analysis has ended already.",
    ),
    "analysis_not_retryable": (
        "다시 시도할 수 없는 분석입니다. 사진을 다시 올려 주세요.",
        "This analysis cannot be tried again. Please upload the photos again.",
    ),
    "queue": (
        "지금은 분석 요청이 많습니다. {seconds}초 뒤에 다시 시도해 주세요.",
        "Many analyses are waiting. Please try again in {seconds} seconds.",
    ),
    "not_live": (
        "그사이 다른 배포가 적용되었습니다.",
        "Another deployment is live by now.",
    ),
    "mixed_trunks": (
        "다른 트렁크로 학습한 모델이 섞여 있습니다.",
        "These versions were trained on different trunks.",
    ),
    "never_live": (
        "적용된 적이 없는 배포입니다.",
        "This deployment never was live.",
    ),
    "is_live": ("이미 적용 중인 버전입니다.", "This version is live already."),
    "not_loadable": (
        "이 버전은 불러올 수 없습니다.",
        "This version cannot be loaded.",
    ),
    "mail_token": (
        "링크가 만료되었거나 이미 사용되었습니다. 다시 요청해 주세요.",
        "This link has expired or was used already. Please ask for another one.",
    ),
    "password": ("비밀번호가 맞지 않습니다.", "The password is wrong."),
    "suspended": ("이용이 정지된 계정입니다.", "This account is suspended."),
    "GUARDIAN": (
        "만 14세 미만은 보호자의 동의가 있어야 가입할 수 있습니다.",
        "People under 14 need a guardian's consent to join.",
    ),
}
_BY_FIELD_CODE: Final[dict[FieldErrorCode, _Text]] = {
    FieldErrorCode.REQUIRED: ("꼭 필요한 항목입니다.", "This is required."),
    FieldErrorCode.INVALID: ("올바르지 않습니다.", "This is not valid."),
    FieldErrorCode.TOO_SHORT: ("너무 짧습니다.", "This is too short."),
    FieldErrorCode.TOO_LONG: ("너무 깁니다.", "This is too long."),
    FieldErrorCode.TOO_FEW: ("너무 적습니다.", "These are too few."),
    FieldErrorCode.TOO_MANY: ("너무 많습니다.", "These are too many."),
    FieldErrorCode.OUT_OF_RANGE: ("허용 범위를 벗어났습니다.", "This is out of range."),
    FieldErrorCode.DUPLICATE: ("중복되었습니다.", "This is there twice."),
    FieldErrorCode.TAKEN: ("이미 사용 중입니다.", "This is taken."),
}
_INTERNAL: Final[_Text] = (
    "예상하지 못한 문제가 생겼습니다. 잠시 뒤에 다시 시도해 주세요.",
    "Something went wrong on our side. Please try again later.",
)


def message_of(error: DupiError, locale: Locale) -> str:
    reason = error.reason or getattr(error, "kind", None)
    text = _pick(_BY_REASON.get(str(reason), _BY_CODE[error.code]), locale)
    seconds = error.retry_after_seconds if isinstance(error, RetryLater) else 0
    return text.format(seconds=seconds)


def field_message(code: FieldErrorCode, locale: Locale) -> str:
    return _pick(_BY_FIELD_CODE[code], locale)


def internal_message(locale: Locale) -> str:
    return _pick(_INTERNAL, locale)


def locale_of(accept_language: str | None) -> Locale:
    """The first of ko and en that is asked for (weights are ignored); Korean by default."""
    for part in (accept_language or "")[:200].split(","):
        language = part.strip().split(";")[0].split("-")[0].lower()
        if language in {"ko", "en"}:
            return Locale[language.upper()]
    return Locale.KO


def _pick(text: _Text, locale: Locale) -> str:
    return text[0] if locale is Locale.KO else text[1]
