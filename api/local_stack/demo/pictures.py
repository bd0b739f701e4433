"""Attention maps laid over the photos that they belong to."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from api.local_stack.demo.client import Answer, ApiClient


@dataclass(frozen=True)
class Overlay:
    site: str
    finding: Answer
    path: Path


async def fetch_photos(client: ApiClient, analysis: Answer) -> dict[str, Image.Image]:
    """Each photo of the analysis, by its site."""
    return {
        photo["site"]: _open(await client.download(photo["url"])) for photo in analysis["photos"]
    }


async def write_overlays(
    client: ApiClient, analysis: Answer, photos: dict[str, Image.Image], folder: Path
) -> list[Overlay]:
    """One PNG a photo and condition that has a map: the photo with the map laid over."""
    overlays = []
    for graded in analysis["photoFindings"]:
        site = graded["photo"]["site"]
        for finding in _with_map(graded["findings"]):
            layer = _open(await client.download(finding["attentionMapUrl"]))
            name = f"{site}-{finding['condition']}.png".lower().replace("_", "-")
            overlay = Overlay(site, finding, folder / name)
            lay_over(photos[site], layer).save(overlay.path)
            overlays.append(overlay)
    return overlays


def lay_over(photo: Image.Image, layer: Image.Image) -> Image.Image:
    """RGB: ``photo`` with ``layer`` (with alpha; scaled to the photo) over it."""
    return Image.alpha_composite(photo, layer.resize(photo.size)).convert("RGB")


def _with_map(findings: list[Answer]) -> Iterator[Answer]:
    return (finding for finding in findings if finding["attentionMapUrl"])


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGBA")
