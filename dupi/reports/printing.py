"""Reports as PDF, set by Typst beside the event loop: few at once, with a deadline.

What the report says reaches the layout as data, never as markup: a text that looks like markup is
printed as it is. The same contents make the same bytes.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pylopdf_fonts_ko
import typst

from dupi.bounded_pool import BoundedPool
from dupi.errors import Unavailable
from dupi.reports.pictures import printed_overlay, printed_photo
from dupi.reports.plain_text import printable
from dupi.settings import ReportSettings

LAYOUT: Final = Path(__file__).with_name("report.typ")
_NAME: Final = "reports"


@dataclass(frozen=True, slots=True)
class Report:
    """``contents``: of :func:`report_contents`; ``photos``: stored JPEG and attention map (PNG)
    of each photo that it names, in order; ``made_at``: seconds of the epoch that the PDF names."""

    contents: dict[str, Any]
    photos: tuple[tuple[bytes, bytes | None], ...]
    made_at: int


class ReportPrinter:
    def __init__(self, settings: ReportSettings) -> None:
        workers, queue = settings.workers, settings.queue
        self._left = workers + queue
        self._pool = BoundedPool(
            _NAME, workers=workers, queue=queue, timeout_seconds=settings.timeout_seconds
        )

    @contextmanager
    def place(self) -> Iterator[None]:
        """Room for one report, photos and all: whoever gathers one has it. Raises Unavailable."""
        if self._left <= 0:
            raise Unavailable("many reports are being made", retry_after_seconds=2, reason=_NAME)
        self._left -= 1
        try:
            yield
        finally:
            self._left += 1

    async def print(self, report: Report) -> bytes:
        """The PDF. Raises Unavailable: full, or too slow."""
        return await self._pool.run(partial(_print, report))

    def close(self) -> None:
        self._pool.close()


def _print(report: Report) -> bytes:
    with TemporaryDirectory(prefix="dupi-report-") as folder:
        return typst.compile(
            _lay_out(report, Path(folder)),
            root=folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            timestamp=report.made_at,
        )


def _lay_out(report: Report, folder: Path) -> str:
    """Write the layout and all that it reads; the layout's path. It can read nothing else."""
    contents = json.dumps(printable(report.contents), ensure_ascii=False)
    (folder / "contents.json").write_text(contents, "utf-8")
    for index, (photo, attention) in enumerate(report.photos):
        (folder / f"photo-{index}.jpg").write_bytes(printed_photo(photo))
        if attention is not None:
            (folder / f"overlay-{index}.jpg").write_bytes(printed_overlay(photo, attention))
    return shutil.copy(LAYOUT, str(folder))


@cache
def _fonts() -> typst.Fonts:
    """Noto Sans KR and no other, so that a report looks the same on every machine."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(pylopdf_fonts_ko.sans_path().parent)],
    )
