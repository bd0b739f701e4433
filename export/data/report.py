"""What a data set holds: counts as tables for the terminal, JSON and Markdown."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dupi.knowledge.vocabulary import Condition, Severity
from export.data.items import Item, data_digest
from export.data.remarks import Remarks

_ANSWERS_SHOWN: Final = 50
_NOT_KNOWN: Final = "not known"
_NOTES: Final = (
    "The grades are those of the labels. Two conditions occur together where both are graded "
    "above 0. A session is a person's visit as far as file names tell: where nearly every session "
    "holds one photo, the names do not tell, and only the split by device is safe. Sessions that "
    "share a picture count as one: a very large one says that pictures were taken for the same "
    "which are not."
)

Cells = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A table: ``rows`` of as many cells as ``columns``, the first one a name."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Cells, ...]


@dataclass(frozen=True, slots=True)
class Report:
    data_sha256: str
    sections: tuple[Section, ...]


def describe(items: Sequence[Item], remarks: Remarks) -> Report:
    scalps = [item for item in items if item.grades]
    sections = (
        _totals(items, scalps, remarks),
        _grades(scalps),
        _together(scalps),
        _counted("Sites", (item.site for item in scalps)),
        _counted("Devices", (item.device for item in scalps)),
        _counted("Ages", (item.age for item in scalps)),
        _counted("Genders", (item.gender for item in scalps)),
        _counted("Sources", (item.source for item in items)),
        _remarks(remarks),
        _unknown(remarks),
    )
    return Report(data_digest(items), tuple(s for s in sections if s.rows))


def _totals(items: Sequence[Item], scalps: Sequence[Item], remarks: Remarks) -> Section:
    sessions = Counter(item.group for item in scalps)
    alone = sum(count == 1 for count in sessions.values())
    rows = {
        "photos of scalps": len(scalps),
        "photos of other things": len(items) - len(scalps),
        "sessions": len(sessions),
        "sessions of one photo": alone,
        "photos of the largest session": max(sessions.values(), default=0),
        "devices": len({item.device for item in scalps}),
        "files left out": remarks.left_out,
        "faults": remarks.faults,
    }
    return Section("Totals", ("", "count"), tuple(rows.items()))


def _grades(scalps: Sequence[Item]) -> Section:
    counts = Counter(pair for item in scalps for pair in zip(Condition, item.grades, strict=True))
    columns = ("condition", *(severity.name.lower() for severity in Severity), "share above none")
    rows: list[Cells] = []
    for condition in Condition:
        by_grade = [counts[condition, int(severity)] for severity in Severity]
        share = round(1 - by_grade[0] / len(scalps), 4) if scalps else 0.0
        rows.append((_named(condition), *by_grade, share))
    return Section("Grades", columns, tuple(rows if scalps else ()))


def _together(scalps: Sequence[Item]) -> Section:
    """Counts of pairs above 0; on the diagonal those of the condition itself."""
    counts: Counter[tuple[Condition, Condition]] = Counter()
    for item in scalps:
        present = [c for c, grade in zip(Condition, item.grades, strict=True) if grade]
        counts.update((one, one) for one in present)
        for one, other in combinations(present, 2):
            counts.update([(one, other), (other, one)])
    columns = ("condition", *(condition.label_key for condition in Condition))
    rows: list[Cells] = [
        (_named(one), *(counts[one, other] for other in Condition)) for one in Condition
    ]
    return Section("Conditions that occur together", columns, tuple(rows if scalps else ()))


def _counted(title: str, values: Iterable[str | None]) -> Section:
    counts = Counter(value or _NOT_KNOWN for value in values)
    rows = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Section(title, (title.lower(), "photos"), tuple((str(name), n) for name, n in rows))


def _remarks(remarks: Remarks) -> Section:
    rows = tuple(
        (reason.value, count, "; ".join(remarks.examples[reason]))
        for reason, count in sorted(remarks.counts.items())
    )
    return Section("Left out and noticed", ("what", "count", "for example"), rows)


def _unknown(remarks: Remarks) -> Section:
    rows = tuple((*key, n) for key, n in remarks.unknown_answers.most_common(_ANSWERS_SHOWN))
    return Section("Answers without a known choice", ("key", "answer", "count"), rows)


def _named(condition: Condition) -> str:
    return f"{condition.label_key} {condition.korean}"


def print_report(report: Report, console: Console) -> None:
    for section in report.sections:
        table = Table()
        for place, column in enumerate(section.columns):
            table.add_column(column, justify="left" if place == 0 else "right")
        for row in section.rows:
            table.add_row(*(Text(str(cell)) for cell in row))  # names may look like markup
        console.print(f"\n{section.title}", style="bold")
        console.print(table)
    console.print(f"data_sha256 {report.data_sha256}")


def write_json(report: Report, path: Path) -> None:
    _write(path, json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n")


def write_markdown(report: Report, path: Path) -> None:
    lines = ["# What the data set holds", "", _NOTES, "", f"`data_sha256` {report.data_sha256}", ""]
    for section in report.sections:
        lines += [
            f"## {section.title}",
            "",
            _line(section.columns),
            _line(["---"] * len(section.columns)),
        ]
        lines += [*(_line(row) for row in section.rows), ""]
    _write(path, "\n".join(lines))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _line(cells: Iterable[str | int | float]) -> str:
    """Cells hold file names and answers of strangers: no sign of theirs ends a cell."""
    texts = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(texts)} |"
