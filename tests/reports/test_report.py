"""What a report says, as a doctor reads it: fetched by its url and read back from the PDF."""

import io
from typing import Any

from PIL import Image
from pypdf import PdfReader

from dupi.analyses.models import Analysis
from dupi.knowledge.notice import analysis_notice
from dupi.knowledge.vocabulary import Condition, Locale
from tests.analyses.doubles import says
from tests.reports.made import Clinic, text_of

MARKED = says({Condition.DANDRUFF: 3, Condition.EXCESS_SEBUM: 1})


async def stored() -> Analysis:
    [analysis] = await Analysis.find_all().to_list()
    return analysis


async def test_grades_with_confidence_and_site(clinic: Clinic) -> None:
    text = text_of(await clinic.report(await clinic.completed(MARKED)))
    assert "두피 상태 확인 보고서" in text
    for line in (
        "미세각질 0 양호 91% 정수리",
        "피지과다 1 경증 91% 정수리",
        "비듬 3 중증 91% 정수리",
        "탈모 0 양호 91% 정수리",
    ):
        assert line in text


async def test_what_abstained_says_so_and_shows_no_grade(clinic: Clinic) -> None:
    said = says({Condition.DANDRUFF: 3}, confidence=0.31)
    text = text_of(await clinic.report(await clinic.completed(said)))
    assert "비듬 판정 보류 확신도가 기준보다 낮아 등급을 매기지 않았습니다." in text
    assert "31%" not in text
    assert "3 중증 " not in text
    assert "주목한 곳 표시 없음" in text


async def test_a_photo_of_something_else_says_so(clinic: Clinic) -> None:
    text = text_of(await clinic.report(await clinic.completed(says(in_domain=0.01))))
    assert "비듬 판정 보류 두피 사진으로 확인되지 않아 등급을 매기지 않았습니다." in text


async def test_the_referral_is_there_word_for_word(clinic: Clinic) -> None:
    analysis_id = await clinic.completed(MARKED, symptoms=["PUS", "FEVER"])
    text = text_of(await clinic.report(analysis_id))
    plan = (await stored()).plan
    assert plan
    assert plan.referral
    assert "진료 권고" in text
    for words in (plan.referral.text, *plan.referral.reasons):
        assert words in text
    assert "고름, 열" in text
    assert "샴푸 선택" not in text


async def test_without_a_referral_there_is_none(clinic: Clinic) -> None:
    assert "진료 권고" not in text_of(await clinic.report(await clinic.completed(says())))


async def test_survey_plan_notice_and_versions(clinic: Clinic) -> None:
    analysis_id = await clinic.completed(says({Condition.DANDRUFF: 1}), symptoms=["ITCHING"])
    text = text_of(await clinic.report(analysis_id))
    plan = (await stored()).plan
    assert plan
    assert plan.shampoo
    for action in (plan.shampoo, *plan.actions):
        assert action.text in text
        assert action.reason in text
    for words in ("가려움", "하루 한 번", "연 1~3회", "30대", "severity_dandruff · 버전 4"):
        assert words in text
    assert flat(analysis_notice()) in flat(text)


def flat(text: str) -> str:
    """Without spaces and breaks: where a line breaks is the layout's affair."""
    return "".join(text.split())


async def test_times_are_korea_s_and_say_so(clinic: Clinic) -> None:
    analysis_id = await clinic.completed(says())
    collection = Analysis.get_pymongo_collection()
    analysis = await stored()
    late = analysis.created_at.replace(year=2026, month=2, day=28, hour=15, minute=5)
    await collection.update_one({"_id": analysis.id}, {"$set": {"created_at": late}})
    assert "요청 일시 2026-03-01 00:05 (UTC+09:00)" in text_of(await clinic.report(analysis_id))


async def test_nothing_says_who_it_is(clinic: Clinic) -> None:
    answer = await clinic.fetched(await clinic.completed(says()))
    text = text_of(PdfReader(io.BytesIO(answer.content)))
    analysis = await stored()
    for secret in ("미나", "mina@example.com", "1991", analysis.owner_id):
        assert secret not in text
        assert secret.encode() not in answer.content


async def test_labels_in_english(clinic: Clinic) -> None:
    text = text_of(await clinic.report(await clinic.completed(MARKED), "EN"))
    assert "Dandruff 3 Severe 91% Crown" in text
    assert flat(analysis_notice(Locale.EN)) in flat(text)


async def test_four_photos_with_and_without_their_attention(clinic: Clinic) -> None:
    report = await clinic.report(await clinic.completed(MARKED, says(), says(), says()))
    pictures = [image.image for page in report.pages for image in page.images]
    assert len(pictures) == 8
    assert all(picture and not picture.getexif() for picture in pictures)
    text = text_of(report)
    for site in ("정수리", "좌측두", "우측두", "후두부"):
        assert site in text
    assert "모델이 주목한 곳: 비듬 중증" in text
    assert len(report.pages) == 3


async def test_the_attention_is_laid_over_its_photo(clinic: Clinic) -> None:
    report = await clinic.report(await clinic.completed(MARKED))
    photo, overlay = (image.image for page in report.pages for image in page.images)
    assert isinstance(photo, Image.Image)
    assert isinstance(overlay, Image.Image)
    assert photo.size == overlay.size == (640, 480)
    assert photo.tobytes() != overlay.tobytes()


async def test_it_is_a4_in_one_embedded_font(clinic: Clinic) -> None:
    report = await clinic.report(await clinic.completed(MARKED))
    for page in report.pages:
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
        for font in fonts_of(page):
            assert "NotoSansKR" in font["/BaseFont"]
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert "/FontFile3" in descriptor


def fonts_of(page: Any) -> list[Any]:
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    return fonts


async def test_the_same_analysis_makes_the_same_bytes(clinic: Clinic) -> None:
    analysis_id = await clinic.completed(MARKED)
    one, other = await clinic.fetched(analysis_id), await clinic.fetched(analysis_id)
    assert one.content == other.content


async def test_its_metadata_names_the_platform_and_the_day(clinic: Clinic) -> None:
    report = await clinic.report(await clinic.completed(MARKED))
    completed_at = (await stored()).completed_at
    assert completed_at
    assert report.metadata
    assert report.metadata.author == "Dupi"
    assert set(report.metadata) == {"/Title", "/Author", "/Creator", "/ModDate", "/CreationDate"}
    assert str(report.root_object["/Lang"]) == "ko"
