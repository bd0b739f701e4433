"""What the demo shows, without a terminal."""

from io import StringIO
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console

from api.local_stack.demo.pictures import Overlay, lay_over
from api.local_stack.demo.poster import draw_poster
from api.local_stack.demo.report import Report
from dupi.knowledge.vocabulary import Condition


def _finding(condition: str, **changes: Any) -> dict[str, Any]:
    return {
        "condition": condition,
        "abstained": False,
        "abstentionReason": None,
        "severity": "MILD",
        "probabilities": [0.1, 0.7, 0.15, 0.05],
        "confidence": 0.7,
        "modelVersion": "3",
        **changes,
    }


def _shown(*events: dict[str, Any]) -> str:
    output = StringIO()
    report = Report(Console(file=output, width=120), {"SUMMARY": "요약"})
    for event in events:
        report.event(event)
    return output.getvalue()


def test_findings_show_grades_in_both_languages_and_what_abstained() -> None:
    findings = [_finding(condition.value) for condition in Condition]
    findings[1] = _finding(
        "EXCESS_SEBUM", severity=None, abstained=True, abstentionReason="UNCERTAIN"
    )
    shown = _shown(
        {
            "__typename": "AnalysisFindingsReady",
            "findings": findings,
            "photoFindings": [{"photo": {"site": "CROWN"}, "findings": findings}],
        }
    )
    assert "미세각질 fine scaling" in shown
    assert "경증 mild" in shown
    assert "보류 UNCERTAIN" in shown
    assert "v3" in shown
    assert "정수리 crown" in shown


def test_sentences_are_shown_as_they_come_below_their_sections_title() -> None:
    first = {"__typename": "AnalysisAdviceDelta", "section": "SUMMARY", "text": "첫 문장."}
    shown = _shown(first, {**first, "text": " 둘째 문장."})
    assert shown.count("요약") == 1
    assert "첫 문장. 둘째 문장." in shown


def test_an_overlay_is_the_photo_with_the_map_over_it() -> None:
    photo = Image.new("RGBA", (8, 6), (100, 100, 100, 255))
    layer = Image.new("RGBA", (4, 3), (255, 0, 0, 128))
    result = lay_over(photo, layer)
    assert result.size == (8, 6)
    assert result.getpixel((4, 3)) == (178, 50, 50)


def test_the_poster_shows_each_site_and_its_worst_findings(tmp_path: Path) -> None:
    overlays = []
    for site in ("CROWN", "BACK"):
        for number, severity in enumerate(("NONE", "SEVERE", "MILD")):
            path = tmp_path / f"{site}-{number}.png"
            Image.new("RGB", (64, 48), "red").save(path)
            overlays.append(Overlay(site, _finding("DANDRUFF", severity=severity), path))
    photos = {site: Image.new("RGB", (64, 48), "blue") for site in ("CROWN", "BACK")}
    poster = draw_poster(photos, overlays)
    assert poster.size == (1000, 570)
    assert poster.getpixel((20, 20)) == (0, 0, 255)
    assert poster.getpixel((980, 500)) == (255, 0, 0)
