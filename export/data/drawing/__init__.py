"""Draws photos as a scalp microscope takes them, and photos that are no scalp at all."""

from export.data.drawing.scalp import draw_scalp
from export.data.drawing.strangers import draw_stranger, pick_kind

__all__ = ["draw_scalp", "draw_stranger", "pick_kind"]
