"""Real photographs of what is no scalp, out of packages of Debian: for the in-domain head.

    python -m export.data.real_photos var/data/real

``real_photos.csv`` lists them, each with its package, licence, sha256, kind and source (what one
picture shows, or a series of one thing). They are fetched, not committed: the packages by apt,
which checks their signatures, and every picture is held to its sha256, so that all who run this
have the same. What another release of Debian carries otherwise is left out and said.

Written as strangers, 640 x 480 pixels, into ``FOLDER/training`` and ``FOLDER/judging``: a source
lies on one side alone, so that no head is judged by a photograph that it was trained on.
"""

import argparse
import csv
import hashlib
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich.console import Console
from rich.progress import track

from export.data.items import STRANGERS, Item

LIST: Final = Path(__file__).with_suffix(".csv")
TRAINING, JUDGING = "training", "judging"
KIND: Final = "photograph of "
"""How the kind of a real photograph begins; kinds of drawn strangers begin otherwise."""
_SHARE_OF_TRAINING: Final = 0.25
_SIZE: Final = (640, 480)
_LEAST_HEIGHT: Final = 240
_QUALITY: Final = 92
_CROPS: Final = {"whole": 1.0, "half": 0.5, "quarter": 0.25}


@dataclass(frozen=True, slots=True)
class RealPhoto:
    """``path`` is within the package; ``source`` is shared by pictures of one thing."""

    package: str
    path: str
    sha256: str
    kind: str
    source: str
    licence: str

    @property
    def side(self) -> str:
        return side_of(self.source)


class NoPackages(RuntimeError):
    """This machine has no apt to fetch packages with."""


def side_of(source: str) -> str:
    """``TRAINING`` or ``JUDGING``, by the name alone."""
    place = int.from_bytes(hashlib.sha256(source.encode()).digest()[:4], "big") / 2**32
    return TRAINING if place < _SHARE_OF_TRAINING else JUDGING


def is_photograph(kinds: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which strangers of these kinds are real photographs, and not drawn."""
    return np.strings.startswith(kinds, KIND)


def refuse_judging(items: Iterable[Item]) -> None:
    """Raises ``ValueError`` where photos to train on hold a photograph that heads are judged by.

    Told by each file's name, for groups that share a picture carry one name.
    """
    for item in items:
        source = item.path.name.partition("__")[0]
        if not item.grades and item.source.startswith(KIND) and side_of(source) == JUDGING:
            raise ValueError(f"{source} is a photograph to judge by: train on {TRAINING}/ alone")


def listed(path: Path = LIST) -> tuple[RealPhoto, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(RealPhoto(**row) for row in csv.DictReader(file))


def fetch(packages: Iterable[str], folder: Path) -> list[str]:
    """Unpacks what apt has of ``packages`` into ``folder/<package>``; returns what it has not.

    Raises ``NoPackages`` where there is no apt.
    """
    apt, unpack = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if not apt or not unpack:
        raise NoPackages(
            "apt-get and dpkg-deb are needed: these photographs come in Debian's packages"
        )
    missing = []
    for package in track(sorted(set(packages)), "fetching packages"):
        target = folder / package
        target.mkdir(parents=True)
        done = subprocess.run(  # noqa: S603
            [apt, "download", "-q", package], cwd=target, capture_output=True, check=False
        )
        files = list(target.glob("*.deb"))
        if done.returncode or not files:
            missing.append(package)
            continue
        subprocess.run([unpack, "-x", files[0], target], check=True)  # noqa: S603
        files[0].unlink()
    return missing


def unaltered(photos: Iterable[RealPhoto], packages: Path) -> Iterator[tuple[RealPhoto, Path]]:
    """Those that lie in the unpacked ``packages`` with the content that is listed."""
    for photo in photos:
        path = packages / photo.package / photo.path
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == photo.sha256:
            yield photo, path


def crops(picture: Image.Image, seed: int) -> Iterator[tuple[str, Image.Image]]:
    """The whole, and of a large picture a half and a quarter of its sides somewhere in it."""
    rng = np.random.default_rng(seed)
    for name, share in _CROPS.items():
        width, height = round(picture.width * share), round(picture.height * share)
        if share < 1 and height < _LEAST_HEIGHT:
            continue
        left = int(rng.integers(0, picture.width - width + 1))
        top = int(rng.integers(0, picture.height - height + 1))
        part = picture.crop((left, top, left + width, top + height))
        yield name, ImageOps.fit(part, _SIZE, Image.Resampling.BICUBIC)


def opened(path: Path, seed: int) -> Image.Image:
    """Upright and opaque: what is transparent lies before a wall of some plain colour."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    colour = tuple(np.random.default_rng([seed, 1]).integers(30, 245, 3).tolist())
    wall = Image.new("RGBA", upright.size, (*colour, 255))
    return Image.alpha_composite(wall, upright).convert("RGB")


def write(photo: RealPhoto, path: Path, folder: Path) -> int:
    """Writes the crops of one picture; returns how many.

    Names are ``<source>__<digest>-<crop>.jpg``: what stands before the ``__`` is the group.
    """
    seed = int(photo.sha256[:8], 16)
    target = folder / photo.side / STRANGERS / photo.kind
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, crop in crops(opened(path, seed), seed):
        crop.save(target / f"{photo.source}__{photo.sha256[:8]}-{name}.jpg", quality=_QUALITY)
        count += 1
    return count


def write_all(folder: Path, photos: Sequence[RealPhoto], packages: Path) -> str:
    """Writes all that are unaltered; returns what was written, in words."""
    written: Counter[str] = Counter()
    sources: dict[str, set[str]] = {TRAINING: set(), JUDGING: set()}
    found = list(unaltered(photos, packages))
    for photo, path in track(found, "cutting photographs"):
        written[photo.side] += write(photo, path, folder)
        sources[photo.side].add(photo.source)
    counts = ", ".join(
        f"{side}: {written[side]} photos of {len(names)} sources" for side, names in sources.items()
    )
    return f"{counts}; {len(photos) - len(found)} of {len(photos)} pictures were not to be had"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    photos, console = listed(), Console()
    with tempfile.TemporaryDirectory() as packages:
        missing = fetch((photo.package for photo in photos), Path(packages))
        if missing:
            console.print(f"not to be had here: {', '.join(missing)} (is apt's list up to date?)")
        console.print(write_all(given.folder, photos, Path(packages)))
    licences = Counter((photo.package, photo.licence) for photo in photos)
    for (package, licence), count in sorted(licences.items()):
        console.print(f"{package}: {count} pictures, {licence}")


if __name__ == "__main__":
    main()
