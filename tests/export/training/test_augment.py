"""Every change of augmentation: what comes out is a photo, the same for the same generator, and
changed in the way that its name says."""

from typing import Any

import pytest
import torch

from export.recipe import Augmentation
from export.training import augment as augmenting
from export.training.augment import augment

pytestmark = pytest.mark.ml

STRENGTHS: dict[str, Any] = {
    "flips": True, "rotation": 20.0, "crop": 0.5, "brightness": 0.3, "contrast": 0.3,
    "saturation": 0.5, "hue": 0.2, "blur": 1.5, "cutout": 0.5, "cast": 0.2, "gamma": 0.4,
    "vignette": 0.5, "noise": 0.05, "compression": 0.8,
}  # fmt: skip
PHOTOS = torch.randint(
    0, 256, (6, 48, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
)
GREY = torch.full((4, 3, 32, 32), 0.5)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def only(**values: Any) -> Augmentation:
    return Augmentation(**{"flips": False, **values})


def test_every_change_is_tested() -> None:
    assert set(STRENGTHS) == set(Augmentation.model_fields)


@pytest.mark.parametrize("name", STRENGTHS)
def test_a_changed_photo_is_a_photo_that_the_generator_alone_decides(name: str) -> None:
    wanted = only(**{name: STRENGTHS[name]})
    found = augment(PHOTOS, 32, wanted, seeded())
    assert found.shape == (6, 3, 32, 32)
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    assert torch.equal(found, augment(PHOTOS, 32, wanted, seeded()))
    assert not torch.equal(found, augment(PHOTOS, 32, wanted, seeded(2)))
    assert not torch.equal(found, augment(PHOTOS, 32, only(), seeded()))


def test_without_changes_a_photo_is_as_serving_sees_it() -> None:
    found = augment(PHOTOS, 48, only(), seeded())
    assert torch.equal(found, PHOTOS.permute(0, 3, 1, 2).float() / 255)


def test_all_at_once() -> None:
    found = augment(PHOTOS, 32, Augmentation(**STRENGTHS), seeded())
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    assert bool(found.isfinite().all())


def test_flips_move_pixels_and_change_none() -> None:
    pixels = torch.rand(8, 3, 8, 8, generator=seeded(3))
    (found,) = augmenting.flipped([pixels], seeded())
    assert torch.equal(found.flatten(2).sort().values, pixels.flatten(2).sort().values)


def test_a_turn_keeps_the_middle_and_a_crop_magnifies() -> None:
    ramp = torch.linspace(0, 1, 33).expand(4, 3, 33, 33)
    (turned,) = augmenting.moved([ramp], 45, 0.0, seeded())
    assert torch.allclose(turned[..., 16, 16], ramp[..., 16, 16], atol=1e-4)
    (cropped,) = augmenting.moved([ramp], 0.0, 0.9, seeded())
    steps = (cropped[:, :, :, 1:] - cropped[:, :, :, :-1])[:, 0, 16, 10:20].mean(dim=1)
    assert bool((steps <= 1 / 32 + 1e-5).all())
    assert float(steps.min()) < 0.8 / 32


def test_maps_go_where_their_photos_go() -> None:
    """A map that shows what the photo shows still does, by a coarser grid."""
    red = torch.zeros(8, 32, 32, 3, dtype=torch.uint8)
    red[:, 3:12, 5:20, 0] = 255
    shown = torch.nn.functional.avg_pool2d(red.permute(0, 3, 1, 2)[:, :1].float() / 255, 2)
    wanted = only(flips=True, rotation=20.0, crop=0.3)
    pixels, maps = augmenting.augment_all(red, [shown], 32, wanted, seeded())
    seen = torch.nn.functional.avg_pool2d(pixels[:, :1], 2)
    assert float((seen - maps).abs().mean()) < 0.02
    assert float((seen - shown).abs().mean()) > 0.1


def test_a_hue_turns_colours_and_leaves_grey_and_brightness() -> None:
    assert torch.allclose(augmenting.hue(GREY, 0.5, seeded()), GREY, atol=1e-2)
    red = GREY.clone()
    red[:, 0] = 0.7
    turned = augmenting.hue(red, 0.5, seeded())
    assert torch.allclose(augmenting._grey(turned), augmenting._grey(red), atol=1e-2)
    assert float((turned - red).abs().max()) > 0.05


def test_contrast_and_saturation_keep_the_middle() -> None:
    pixels = augmenting.resized(torch.rand(4, 3, 16, 16, generator=seeded(4)), 16)
    for change in (augmenting.contrast, augmenting.saturation):
        changed = change(pixels, 0.5, seeded())
        means = [augmenting._grey(x).mean(dim=(1, 2, 3)) for x in (pixels, changed)]
        assert torch.allclose(*means, atol=1e-3)


def test_blur_and_compression_take_detail_away_and_keep_the_mean() -> None:
    pixels = torch.rand(4, 3, 32, 32, generator=seeded(5))
    for change, strength in ((augmenting.blur, 1.5), (augmenting.compression, 0.9)):
        changed = change(pixels, strength, seeded())
        assert bool((changed.std(dim=(2, 3)) < pixels.std(dim=(2, 3))).all())
        assert torch.allclose(changed.mean(dim=(1, 2, 3)), pixels.mean(dim=(1, 2, 3)), atol=0.02)


def test_a_vignette_darkens_corners_and_not_the_middle() -> None:
    found = augmenting.vignette(torch.ones(4, 3, 33, 33), 0.5, seeded())
    assert torch.allclose(found[..., 16, 16], torch.ones(4, 3))
    assert bool((found[..., 0, 0] < 1).all())
    assert torch.allclose(found[..., 0, 0], found[..., -1, -1])


def test_a_cast_is_of_colour_and_brightness_is_not() -> None:
    coloured = augmenting.cast(GREY, 0.2, seeded()).std(dim=1)
    assert float(coloured.max()) > 0.01
    brighter = augmenting.brightness(GREY, 0.2, seeded())
    assert float(brighter.std(dim=1).max()) < 1e-6
    assert not torch.equal(brighter, GREY)


def test_gamma_leaves_black_and_white() -> None:
    ends = torch.tensor([0.0, 1.0]).expand(3, 3, 4, 2)
    assert torch.allclose(augmenting.gamma(ends, 0.5, seeded()), ends, atol=0.01)
    assert not torch.allclose(augmenting.gamma(GREY, 0.5, seeded()), GREY, atol=0.01)


def test_noise_differs_from_pixel_to_pixel() -> None:
    added = augmenting.noise(GREY, 0.1, seeded()) - GREY
    assert 0.01 < float(added.std()) < 0.1
    assert abs(float(added.mean())) < 0.01


def test_cutout_hides_one_square() -> None:
    hidden = augmenting.cutout(torch.zeros(8, 3, 40, 40), 0.5, seeded()) == 0.5
    assert 0 < float(hidden.float().mean()) < 0.25
    assert bool((hidden.all(dim=1) == hidden.any(dim=1)).all())
