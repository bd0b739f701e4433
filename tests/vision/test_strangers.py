"""Photos that are no scalp, and scalps that the camera spoiled, on the real classifiers: refused
with reasons, or graded by nobody.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from api.local_stack.demo.client import ApiClient, Refused
from api.local_stack.demo.journey import Shot
from export.data.drawn import draw
from tests.e2e.conftest import analyse, new_person
from tests.support.photos import encoded
from tests.support.stack import RunningStack
from tests.support.strangers import KINDS, stranger

pytestmark = pytest.mark.stack

_SEED = 9_000
_SITES = ("CROWN", "LEFT", "RIGHT", "BACK")
_SPOILED: dict[str, tuple[Callable[[Image.Image], Image.Image], str]] = {
    "blurred": (lambda scalp: scalp.filter(ImageFilter.GaussianBlur(8)), "BLURRED"),
    "black": (lambda scalp: scalp.point(lambda value: 0), "TOO_DARK"),
    "over-exposed": (lambda scalp: scalp.point(lambda value: value + 150), "TOO_BRIGHT"),
}


@pytest.fixture(scope="module")
async def person(stack: RunningStack) -> ApiClient:
    return await new_person(stack.web_url)


@pytest.mark.parametrize("name", _SPOILED)
async def test_what_the_camera_spoiled_is_told_why(
    person: ApiClient, name: str, tmp_path: Path
) -> None:
    spoil, reason = _SPOILED[name]
    photo = tmp_path / f"{name}.jpg"
    photo.write_bytes(encoded(spoil(draw(_SEED, number=0, width=640).photo), quality=90))
    with pytest.raises(Refused) as refused:
        await person.upload(photo, "CROWN")
    assert refused.value.error["code"] == "POOR_IMAGE"
    assert reason in refused.value.error["reasons"]


@pytest.mark.parametrize("seed", [_SEED, _SEED + 1])
async def test_what_is_no_scalp_gets_no_grade(
    stack: RunningStack, person: ApiClient, seed: int, tmp_path: Path
) -> None:
    kinds = [kind for kind in KINDS if kind != "face"]
    graded = await _grade(stack, person, kinds, seed, tmp_path)
    assert graded, "some of them pass the quality gate"
    for kind, findings in graded.items():
        assert {finding["severity"] for finding in findings} == {None}, kind
        assert {finding["abstentionReason"] for finding in findings} == {"NOT_A_SCALP"}, kind


async def test_a_face_gets_no_grade(stack: RunningStack, person: ApiClient, tmp_path: Path) -> None:
    """Drawn otherwise than the faces that the in-domain head was trained on."""
    graded = await _grade(stack, person, ["face"], _SEED, tmp_path)
    assert {finding["severity"] for finding in graded["face"]} == {None}
    assert {finding["abstentionReason"] for finding in graded["face"]} == {"NOT_A_SCALP"}


async def _grade(
    stack: RunningStack, person: ApiClient, kinds: list[str], seed: int, folder: Path
) -> dict[str, list[dict[str, Any]]]:
    """Findings by kind, of those that were not refused as poor; four photos an analysis."""
    taken: dict[str, Path] = {}
    for kind in kinds:
        photo = folder / f"{kind}.jpg"
        photo.write_bytes(encoded(stranger(kind, seed), quality=92))
        try:
            await person.upload(photo, "CROWN")
        except Refused as refused:
            assert refused.error["code"] == "POOR_IMAGE"
            assert refused.error["reasons"]
        else:
            taken[kind] = photo
    found: dict[str, list[dict[str, Any]]] = {}
    for start in range(0, len(taken), len(_SITES)):
        some = dict(zip(list(taken)[start : start + len(_SITES)], _SITES, strict=False))
        shots = {kind: Shot(taken[kind], some[kind]) for kind in some}
        found |= await _analyse(stack, person, shots)
    return found


async def _analyse(
    stack: RunningStack, person: ApiClient, shots: dict[str, Shot]
) -> dict[str, list[dict[str, Any]]]:
    analysis = await analyse(stack, person, *shots.values())
    by_site = {one["photo"]["site"]: one["findings"] for one in analysis["photoFindings"]}
    return {kind: by_site[shot.site] for kind, shot in shots.items()}
