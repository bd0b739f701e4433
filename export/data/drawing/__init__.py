"""Draws photos as a scalp microscope takes them, and photos that are no scalp at all."""

from export.data.drawing.scalp import Scalp, Scene, Setting, draw_scalp
from export.data.drawing.strangers import draw_stranger, pick_kind

__all__ = ["Scalp", "Scene", "Setting", "draw_scalp", "draw_stranger", "pick_kind"]
