"""The command as a whole: the shipped models, on a few drawings and photographs."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dupi.knowledge.vocabulary import Condition
from export import evaluate
from export.data.drawing.sampling import Purpose
from export.data.items import STRANGERS
from export.data.synthetic import write_dataset

pytestmark = pytest.mark.ml

MODELS = Path(__file__).parents[3] / "model_repository"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command wrote of eight drawn scalps, two drawn strangers and a grey photograph."""
    folder = tmp_path_factory.mktemp("evaluated")
    write_dataset(folder / "drawn", count=8, seed=5, purpose=Purpose.TEST, strangers=2)
    grey = folder / "real" / STRANGERS / "photograph of a thing" / "wall__1-whole.jpg"
    grey.parent.mkdir(parents=True)
    Image.fromarray(np.full((480, 640, 3), 120, np.uint8)).save(grey)
    less = ("--alone", "6", "--attention", "1", "--replicates", "30")
    evaluate.run(wanted(folder, "--pictures", str(folder / "out" / "seen"), *less))
    return folder / "out"


def wanted(folder: Path, *more: str) -> Namespace:
    data = (str(folder / name) for name in ("drawn", "real"))
    return evaluate.parser().parse_args(
        ["--repository", str(MODELS), "--whole", "--data", *data, "--out", str(folder / "out"),
         *more]
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(written: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((written / "report.json").read_text(encoding="utf-8"))
    return found


def test_the_report_holds_all_that_was_judged(report: dict[str, Any]) -> None:
    graded = report["graded"]
    assert (graded["photos"], graded["groups"], report["strangers"]) == (8, 2, 3)
    assert set(graded["scores"]) == {*Condition, "OVERALL"}
    assert graded["scores"]["OVERALL"]["figures"]["exact"]["value"] > 0.7
    assert len(report["data_sha256"]) == 64
    kinds = {kind["name"]: kind for kind in report["in_domain"]["kinds"]}
    assert kinds["photograph of a thing"]["taken"]["value"] == 0.0
    assert set(report["alone"]) == set(Condition)
    assert set(report["models"]) >= {"scalp_trunk", "scalp_domain"}


def test_maps_were_checked_against_randomised_heads(report: dict[str, Any]) -> None:
    assert report["attention"]
    for checked in report["attention"].values():
        assert checked["like_random_head"] is not None
        assert -1 <= checked["like_random_head"] <= 1
        assert 0 <= checked["deletion"]["by_map"] <= 1


def test_the_card_says_what_the_figures_are_not(written: Path) -> None:
    card = " ".join((written / "card.md").read_text(encoding="utf-8").split())
    for said in (
        "Not a medical device",
        "Not for**: diagnosis",
        "synthetic photos that this project draws itself",
        "not comparable with any figure measured on photographs",
        "attention, not outlines of lesions",
        "photographs of scalps** is unknown",
        "no photo of a person",
    ):
        assert said in card


def test_the_card_tells_the_worst_in_short(written: Path, report: dict[str, Any]) -> None:
    card = (written / "card.md").read_text(encoding="utf-8")
    scores = report["graded"]["scores"]
    figures = {name: scores[name]["figures"]["qwk"]["value"] for name in Condition}
    least = min((v, c) for c, v in figures.items() if v is not None)
    assert f"- Least QWK: {least[0]:.3f}" in card
    assert f"({least[1].korean})." in card
    assert "- One condition drawn alone moves its grade and no other" in card


def test_the_card_shows_its_pictures(written: Path) -> None:
    card = (written / "card.md").read_text(encoding="utf-8")
    for name in ("confusion.png", "reliability.png", "risk-coverage.png"):
        assert f"](seen/{name})" in card
        assert (written / "seen" / name).stat().st_size > 10_000


def test_the_card_tells_the_figures_of_the_report(written: Path, report: dict[str, Any]) -> None:
    card = (written / "card.md").read_text(encoding="utf-8")
    for name in Condition:
        figure = report["graded"]["scores"][name]["figures"]["qwk"]
        assert f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})" in card
        assert f"{name.korean} `{name}`" in card
    assert report["data_sha256"] in card
    assert report["models"]["scalp_trunk"]["weights_sha256"][:12] in card
