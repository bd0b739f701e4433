"""Reads a folder in the AI-Hub scalp data set's format, and reports what is in it.

    python -m export.data.aihub FOLDER --report out.md --json out.json

Photos, labels and answers are found by name, whatever the folders. A photo that cannot be trusted
is left out and counted with its reason; with ``--strict`` the first one ends the reading with an
error that names the file, for checks that must not pass over anything.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import track

from dupi.knowledge.labels import (
    BadLabel,
    PhotoMetadata,
    PhotoName,
    image_file_name,
    parse_grades,
    parse_metadata,
)
from dupi.knowledge.vocabulary import Condition
from export.data.aihub_files import Files, composed, folder_grade, list_files, official_side
from export.data.fingerprints import Fingerprint, fingerprints
from export.data.items import Item, Split
from export.data.merging import settle
from export.data.remarks import BadData, Reason, Remarks
from export.data.report import describe, print_report, write_json, write_markdown

SOURCE: Final = "a folder in the AI-Hub format"
"""Drawn photos come in one too: the format does not tell where photos are from."""
Grades = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Photos, each once, and what was left out or noticed on the way."""

    items: tuple[Item, ...]
    remarks: Remarks = field(default_factory=Remarks)

    @property
    def summary(self) -> str:
        return f"{len(self.items):,} photos; {self.remarks.left_out:,} files left out"


def find_items(folder: Path, *, cache: Path | None = None, strict: bool = False) -> Found:
    """Every labelled photo and every stranger below ``folder``, each once.

    ``cache``: file that keeps hashes between runs. Raises BadData where ``strict`` meets a fault,
    FileNotFoundError where there is no such folder.
    """
    remarks = Remarks(is_strict=strict)
    return Found(tuple(settle(read_photos(folder, remarks, cache), remarks)), remarks)


def read_photos(folder: Path, remarks: Remarks, cache: Path | None = None) -> list[Item]:
    """By name, before contents are compared; raises as ``find_items`` does."""
    files = list_files(folder)
    _note_orphans(files, remarks)
    prints = _fingerprints(files, cache)
    items = []
    for stem, paths in sorted(files.photos.items()):
        copy = _one_copy(stem, [(Path(path), prints.pop(path)) for path in paths], remarks)
        item = copy and _scalp(stem, *copy, files, remarks)
        if item:
            items.append(item)
    for path in sorted(files.strangers):
        if copy := _one_copy(path, [(Path(path), prints.pop(path))], remarks):
            items.append(_stranger(*copy))
    return items


def _fingerprints(files: Files, cache: Path | None) -> dict[str, Fingerprint]:
    paths = [path for copies in files.photos.values() for path in copies] + files.strangers
    found = track(fingerprints(map(Path, paths), cache), "reading photos", total=len(paths))
    return {path: one for path, (_, one) in zip(paths, found, strict=True)}


def _note_orphans(files: Files, remarks: Remarks) -> None:
    for reason, found in (
        (Reason.ORPHAN_LABEL, files.labels),
        (Reason.ORPHAN_METADATA, files.metadata),
    ):
        for stem in sorted(found.keys() - files.photos.keys()):
            remarks.add(reason, Path(found[stem][0]).name)


def _one_copy(
    name: str, copies: Sequence[tuple[Path, Fingerprint]], remarks: Remarks
) -> tuple[Path, Fingerprint] | None:
    """The copy that stands for all: one of a ``Validation`` folder before others, so that it is
    never trained on where folders are kept as splits."""
    good = [(path, found) for path, found in copies if not found.fault]
    for path, found in copies:
        if found.fault:
            reason = Reason.UNREADABLE_COPY if good else Reason.UNREADABLE
            remarks.add(reason, path.name, found.fault)
    if len({found.digest for _, found in good}) > 1:
        remarks.add(Reason.OTHER_CONTENT, name, f"{len(good)} files")
        return None
    for path, _ in good[1:]:
        remarks.add(Reason.REPEATED_NAME, path.name)
    return min(good, key=_preference, default=None)


def _preference(copy: tuple[Path, Fingerprint]) -> tuple[bool, Path]:
    return official_side(copy[0]) is not Split.TEST, copy[0]


def _stranger(path: Path, found: Fingerprint) -> Item:
    name = composed(f"{path.parent.name}/{path.stem}")
    group = name.partition("__")[0]  # several crops of one photograph stay together
    return Item(path, group, name, (), found.digest, source=path.parent.name, picture=found.picture)


def _scalp(
    stem: str, path: Path, found: Fingerprint, files: Files, remarks: Remarks
) -> Item | None:
    try:
        name = PhotoName.parse(stem)
    except BadLabel:
        remarks.add(Reason.BAD_NAME, path.name)
        return None
    grades = _grades(stem, files.labels.get(stem, ()), remarks)
    if grades is None:
        return None
    _compare_folders(files.photos[stem] + files.labels[stem], grades, remarks)
    item = Item(
        path, name.group, name.device, grades, found.digest, site=name.site, picture=found.picture
    )
    answers = _answers(files.metadata.get(stem, ()), stem, remarks)
    return _with_answers(replace(item, source=SOURCE), answers, remarks)


def _grades(stem: str, paths: Iterable[str], remarks: Remarks) -> Grades | None:
    """Of all copies of the label; None where there is none, or one cannot be trusted."""
    known: set[Grades] = set()
    for path in map(Path, paths):
        try:
            content = path.read_bytes()
            known.add(tuple(map(int, parse_grades(content, path.name).values())))
            named = image_file_name(content, path.name)
        except (BadLabel, OSError) as fault:
            remarks.add(Reason.BAD_LABEL, path.name, str(fault).removeprefix(f"{path.name}: "))
            return None
        if named and composed(Path(named).stem) != stem:
            remarks.add(Reason.OTHER_FILE, path.name, named)
    if len(known) != 1:
        reason = Reason.OTHER_GRADES if known else Reason.NO_LABEL
        remarks.add(reason, stem, " against ".join(map(str, sorted(known))))
        return None
    return known.pop()


def _compare_folders(paths: Iterable[str], grades: Grades, remarks: Remarks) -> None:
    by_condition = dict(zip(Condition, grades, strict=True))
    for path in map(Path, paths):
        said = folder_grade(path.parent)
        if said and by_condition[said[0]] != said[1]:
            detail = f"{said[0].korean} {int(said[1])} in the folder, {by_condition[said[0]]}"
            remarks.add(Reason.OTHER_FOLDER, path.name, f"{detail} in the label")


def _answers(paths: Sequence[str], stem: str, remarks: Remarks) -> PhotoMetadata | None:
    if not paths:
        remarks.add(Reason.NO_METADATA, stem)
        return None
    path = Path(paths[0])
    try:
        return parse_metadata(path.read_bytes(), path.name)
    except (BadLabel, OSError) as fault:
        remarks.add(Reason.BAD_METADATA, path.name, str(fault).removeprefix(f"{path.name}: "))
        return None


def _with_answers(item: Item, answers: PhotoMetadata | None, remarks: Remarks) -> Item:
    if answers is None:
        return item
    remarks.unknown_answers.update(answers.unknown.items())
    if answers.site and answers.site is not item.site:
        remarks.add(Reason.OTHER_SITE, item.path.name, f"{answers.site} in the answers")
    return replace(item, age=answers.age, gender=answers.gender)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--report", type=Path, help="write the report here, as Markdown")
    parser.add_argument("--json", type=Path, help="write the report here, as JSON")
    parser.add_argument("--cache", type=Path, help="file that keeps hashes between runs")
    parser.add_argument("--strict", action="store_true", help="end at the first fault")
    given = parser.parse_args(arguments)
    try:
        found = find_items(given.folder, cache=given.cache, strict=given.strict)
    except (BadData, FileNotFoundError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    report = describe(found.items, found.remarks)
    print_report(report, Console())
    if given.report:
        write_markdown(report, given.report)
    if given.json:
        write_json(report, given.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
