"""The model card where not everything was judged, and where the photos are photographs."""

import json

import numpy as np
import pytest

from dupi.vision import contract
from dupi.vision.contract import Manifest
from export.judging.card import DRAWN, PHOTOGRAPHED, as_markdown
from export.judging.evaluation import FORMAT, Evaluation
from export.judging.report import grade_report
from tests.export.judging.answers import answered, one_hot

pytestmark = pytest.mark.ml


def manifest(model: str) -> Manifest:
    return Manifest(
        model, 3, 2, 160, 0.5, "4,000 labelled photographs", "2026-11-24T00:00:00", "ab"
    )


@pytest.fixture(scope="module")
def found() -> Evaluation:
    """Nobody is severe, nothing is wrong, and only grades were judged."""
    true = np.tile(np.arange(3)[:, None], (8, 6))
    return Evaluation(
        format=FORMAT,
        replicates=10,
        data_sha256="c0ffee",
        strangers=0,
        models={model: manifest(model) for model in contract.COMPONENTS},
        graded=grade_report(answered(true, one_hot(true)), np.zeros(6), replicates=10),
        in_domain=None,
        alone={},
        attention={},
        versions={"torch": "2"},
    )


def test_figures_of_photographs_are_not_called_drawings(found: Evaluation) -> None:
    real = as_markdown(found, PHOTOGRAPHED, pictures=None)
    assert "labelled photographs of one data set" in real
    assert "draws itself" not in real
    assert "draws itself" in as_markdown(found, DRAWN, pictures=None)


def test_what_was_not_judged_has_no_chapter(found: Evaluation) -> None:
    card = as_markdown(found, PHOTOGRAPHED, pictures=None)
    chapters = [line for line in card.splitlines() if line.startswith("#")]
    assert chapters[0] == "# Scalp classifiers"
    assert "## How right they are" in chapters
    for missing in ("Pictures", "One condition alone", "Attention maps", "Scalp or no scalp"):
        assert f"## {missing}" not in chapters


def test_what_has_no_figure_gets_a_dash_and_is_no_number_in_json(found: Evaluation) -> None:
    card = as_markdown(found, PHOTOGRAPHED, pictures=None)
    assert "nan" not in card
    recalls = card.split("| severe graded as none |")[1].split("| **all six** |")[1]
    assert recalls.split("\n")[0].strip("| ").split(" | ")[-2:] == ["–", "–"]
    plain = json.loads(json.dumps(found.as_json(), allow_nan=False))
    severe = plain["graded"]["scores"]["DANDRUFF"]["figures"]["severe_as_none"]
    assert severe["value"] is None


def test_the_recipe_and_the_versions_are_told(found: Evaluation) -> None:
    card = as_markdown(found, PHOTOGRAPHED, pictures=None, recipe='name = "tried"\n')
    assert '```toml\nname = "tried"\n```' in card
    assert "| `scalp_domain` | 3 | 2 | 0.500 | `ab` |" in card
    assert "`c0ffee`, with torch 2" in card
    assert "**4,000 labelled photographs**" in card


def test_links_to_pictures_go_where_they_lie(found: Evaluation) -> None:
    assert "](../seen/confusion.png)" in as_markdown(found, DRAWN, pictures="../seen")
    assert "](confusion.png)" in as_markdown(found, DRAWN, pictures="")
