"""Faces as a telephone takes them: of any skin, hair and age, near or far, in any light.

A selfie is what people upload by mistake. Like a scalp it is skin with dark hair, so a head that
tells scalps from fur and fabric takes it for one unless it has seen some.
"""

from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw, ImageFilter

from export.data.drawing.backgrounds import paint_background
from export.data.drawing.canvas import (
    HEIGHT,
    SMOOTH,
    WIDTH,
    Canvas,
    Draw,
    Points,
    jittered,
    whole,
)

Colour = tuple[int, int, int]

_SKINS: tuple[Colour, ...] = (
    (246, 216, 200), (234, 194, 166), (224, 178, 142), (206, 156, 120), (176, 124, 92),
    (140, 94, 68), (104, 68, 52), (72, 48, 40),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = (
    (22, 18, 18), (44, 32, 28), (84, 56, 38), (136, 92, 52), (198, 160, 104), (150, 66, 36),
    (146, 144, 142), (222, 220, 216),
)  # fmt: skip
_EYES: tuple[Colour, ...] = ((52, 34, 24), (96, 64, 36), (70, 104, 130), (84, 112, 76))


@dataclass(frozen=True, slots=True)
class _Person:
    skin: Colour
    hair: Colour
    eyes: Colour
    width: float
    """Half the face's width; half its height is 1."""
    hair_length: float
    """0: bald; 1: short; 2 and more: down to the shoulders."""
    beard: float
    has_glasses: bool

    def tinted(self, red: float, green: float, blue: float) -> Colour:
        """The skin, each channel times a factor: lips, shadows, nostrils."""
        return whole(np.array(self.skin) * (red, green, blue))


@dataclass(frozen=True, slots=True)
class _Pose:
    """``scale``: half the face's height in units; ``turn`` in radians; ``look``: how far, in half
    heights, eyes, nose and mouth lie aside of the middle; ``zoom``: pixels of a unit."""

    centre: Points
    scale: float
    turn: float
    look: float
    zoom: float

    def place(self, points: Points) -> list[tuple[float, float]]:
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        turned = points * self.scale @ np.array([[cos, sin], [-sin, cos]]) + self.centre
        return [(float(x), float(y)) for x, y in turned * self.zoom]

    def oval(
        self, x: float, y: float, wide: float, high: float, arc: tuple[float, float] = (0.0, 1.0)
    ) -> list[tuple[float, float]]:
        """Outline of an ellipse of these half axes, or of the part ``arc`` of a full turn."""
        angles = np.linspace(*arc, 40) * 2 * np.pi
        return self.place(np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], axis=1))

    def pixels(self, share: float) -> int:
        return max(1, round(share * self.scale * self.zoom))


def paint_face(canvas: Canvas) -> None:
    """One person before a wall or in the open; the camera comes afterwards."""
    rng, (width, height) = canvas.rng, canvas.size
    photo = paint_background(canvas).resize((width * SMOOTH, height * SMOOTH))
    draw, person = ImageDraw.Draw(photo), _some_person(rng)
    pose = _some_pose(rng, canvas.scale * SMOOTH)
    for part in (_body, _head, _eyes, _nose_and_mouth, _beard, _hair, _glasses):
        part(draw, pose, person, rng)
    softness = rng.uniform(0.3, 1.6) * canvas.scale
    canvas.paste(photo.reduce(SMOOTH).filter(ImageFilter.GaussianBlur(softness)))
    _light(canvas)


def _some_person(rng: np.random.Generator) -> _Person:
    return _Person(
        skin=whole(jittered(rng, _SKINS[rng.integers(len(_SKINS))], 6)),
        hair=whole(jittered(rng, _HAIRS[rng.integers(len(_HAIRS))], 5)),
        eyes=_EYES[rng.integers(len(_EYES))],
        width=rng.uniform(0.66, 0.86),
        hair_length=float(rng.choice([0.0, 1.0, 1.0, 2.2])) * rng.uniform(0.9, 1.2),
        beard=float(rng.choice([0.0, 0.0, 0.5, 1.0])),
        has_glasses=bool(rng.random() < 0.3),
    )


def _some_pose(rng: np.random.Generator, zoom: float) -> _Pose:
    """From a person at the far end of a room to a face that fills more than the frame."""
    scale = float(np.exp(rng.uniform(np.log(70), np.log(420))))
    free = np.array([WIDTH, HEIGHT]) * rng.uniform(0.05, 0.22)
    centre = np.array([WIDTH, HEIGHT]) / 2 + rng.uniform(-1, 1, 2) * free
    return _Pose(centre, scale, rng.normal(0, 0.2), rng.uniform(-0.22, 0.22), zoom)


def _body(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    if person.hair_length > 1.5:
        draw.polygon(pose.oval(0, 0.15, person.width + 0.3, person.hair_length * 0.62 + 0.2),
                     fill=person.hair)  # fmt: skip
    draw.polygon(pose.oval(0, 2.35, 1.7, 1.1), fill=tuple(rng.integers(0, 256, 3).tolist()))
    draw.polygon(pose.oval(0, 1.0, 0.42, 0.6), fill=person.tinted(0.86, 0.82, 0.8))


def _head(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    for side in (-1, 1):
        draw.polygon(pose.oval(side * person.width, 0.02, 0.12, 0.22),
                     fill=person.tinted(0.92, 0.86, 0.84))  # fmt: skip
    draw.polygon(pose.oval(0, -0.08, person.width, 0.92), fill=person.skin)
    draw.polygon(pose.oval(0, 0.3, person.width * rng.uniform(0.72, 0.95), 0.72), fill=person.skin)
    blush = person.tinted(1.03, rng.uniform(0.86, 1.0), rng.uniform(0.86, 1.0))
    for side in (-1, 1):
        draw.polygon(pose.oval(side * 0.38 + pose.look, 0.25, 0.2, 0.14), fill=blush)


def _eyes(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    apart, openness, gaze = rng.uniform(0.28, 0.36), rng.uniform(0.02, 0.09), rng.normal(0, 0.02)
    brow, lift = rng.uniform(0.02, 0.07), rng.uniform(0.14, 0.24)
    for x in (pose.look - apart, pose.look + apart):
        draw.polygon(
            pose.oval(x, -0.1, 0.16, openness + 0.03), fill=person.tinted(0.72, 0.66, 0.64)
        )
        draw.polygon(pose.oval(x, -0.1, 0.14, openness), fill=(238, 234, 230))
        draw.polygon(pose.oval(x + gaze, -0.1, 0.065, min(openness, 0.065)), fill=person.eyes)
        draw.polygon(pose.oval(x + gaze, -0.1, 0.03, min(openness, 0.03)), fill=(12, 10, 10))
        arch = pose.oval(x, -0.06 - lift / 2, 0.2, lift, arc=(0.58, 0.92))
        draw.line(arch, fill=person.hair, width=pose.pixels(brow), joint="curve")


def _nose_and_mouth(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    shadow, x, tip = person.tinted(0.82, 0.76, 0.74), pose.look * 1.25, rng.uniform(0.2, 0.32)
    ridge = pose.place(np.array([[pose.look, -0.08], [x + 0.05, tip - 0.05], [x + 0.1, tip]]))
    draw.line(ridge, fill=shadow, width=pose.pixels(0.03), joint="curve")
    for side in (-0.07, 0.07):
        draw.polygon(pose.oval(x + side, tip, 0.04, 0.025), fill=person.tinted(0.45, 0.36, 0.34))
    lips, y, wide = person.tinted(0.88, 0.56, 0.6), rng.uniform(0.5, 0.58), rng.uniform(0.18, 0.32)
    draw.polygon(pose.oval(pose.look, y, wide, rng.uniform(0.04, 0.08)), fill=lips)
    if rng.random() < 0.35:
        draw.polygon(
            pose.oval(pose.look, y, wide * 0.8, 0.13, arc=(0.0, 0.5)), fill=(240, 236, 228)
        )
    draw.line(pose.oval(pose.look, y - 0.02, wide, 0.03, arc=(0.0, 0.5)),
              fill=person.tinted(0.5, 0.32, 0.34), width=pose.pixels(0.018))  # fmt: skip


def _strands(
    draw: Draw, pose: _Pose, colour: Colour, ends: Points, rng: np.random.Generator
) -> None:
    """Single hairs between ``ends`` [n, 2, 2], in half heights of the face."""
    for root, tip in ends:
        bend = rng.normal(0, 0.05, 2) * np.linalg.norm(tip - root)
        line = pose.place(np.stack([root, (root + tip) / 2 + bend, tip]))
        draw.line(
            line, fill=whole(jittered(rng, colour, 14)), width=pose.pixels(0.012), joint="curve"
        )


def _beard(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    """Stubble, or a full beard around the mouth."""
    if not person.beard:
        return
    angles = rng.uniform(0.02, 0.48, 260) * 2 * np.pi
    reach = rng.uniform(0.74, 1.0, (260, 1))
    edge = np.stack([person.width * 0.86 * np.cos(angles), 0.3 + 0.72 * np.sin(angles)], axis=1)
    if person.beard == 1.0:
        draw.polygon(pose.oval(0, 0.36, person.width * 0.86, 0.74, arc=(0.02, 0.48)),
                     fill=person.hair)  # fmt: skip
        draw.polygon(pose.oval(pose.look, 0.53, 0.22, 0.07), fill=person.tinted(0.8, 0.5, 0.52))
    steps = np.stack([rng.normal(0, 0.02, 260), rng.uniform(0.02, 0.1, 260) * person.beard], axis=1)
    _strands(draw, pose, person.hair, np.stack([edge * reach, edge * reach + steps], axis=1), rng)


def _hair(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    if not person.hair_length:
        return
    line, volume = rng.uniform(-0.72, -0.45), rng.uniform(0.02, 0.2)
    cap = np.array(pose.oval(0, -0.12, person.width + volume, 0.9 + volume, arc=(0.52, 0.98)))
    parting = np.array(pose.place(np.array([[0.4, line], [rng.uniform(-0.3, 0.3), line - 0.12],
                                            [-0.4, line]])))  # fmt: skip
    draw.polygon([tuple(point) for point in np.concatenate([cap, parting]).tolist()],
                 fill=person.hair)  # fmt: skip
    roots = np.stack([rng.normal(0, 0.2, 160), np.full(160, -0.95)], axis=1)
    ends = np.stack(
        [rng.uniform(-1.1, 1.1, 160) * person.width, rng.normal(line, 0.16, 160)], axis=1
    )
    _strands(draw, pose, person.hair, np.stack([roots, ends], axis=1), rng)


def _glasses(draw: Draw, pose: _Pose, person: _Person, rng: np.random.Generator) -> None:
    if not person.has_glasses:
        return
    frame, wide, high = tuple(rng.integers(0, 130, 3).tolist()), 0.24, rng.uniform(0.14, 0.24)
    is_dark = rng.random() < 0.3
    for x in (pose.look - 0.32, pose.look + 0.32):
        rim = pose.oval(x, -0.08, wide, high)
        if is_dark:
            draw.polygon(rim, fill=frame)
        draw.line(rim, fill=frame, width=pose.pixels(0.03), joint="curve")
    bridge = pose.oval(pose.look, -0.08, 0.08, 0.05, arc=(0.5, 1.0))
    draw.line(bridge, fill=frame, width=pose.pixels(0.03))


def _light(canvas: Canvas) -> None:
    """Light from one side, warm or cold, over uneven skin."""
    rng, (x, y) = canvas.rng, canvas.grid()
    angle, contrast = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.4)
    slope = np.cos(angle) * (2 * x / WIDTH - 1) + np.sin(angle) * (2 * y / HEIGHT - 1)
    light = rng.uniform(0.7, 1.15) * (1 + contrast * slope)
    grain = 1 + 0.06 * (canvas.noise(150) - 0.5) + 0.1 * (canvas.noise(8) - 0.5)
    cast = 1 + rng.uniform(-0.12, 0.12, 3)
    canvas.pixels *= (light * grain)[None] * cast[:, None, None].astype(np.float32)
