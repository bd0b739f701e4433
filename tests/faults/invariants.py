"""What must hold after any kills: each function names what does not, in plain words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from tests.faults.ledger import Deletion, KnownAnalysis, KnownPhoto, Ledger
from tests.faults.snapshot import UNFINISHED, Row, Snapshot, chains_of, events_of

_RANK: Final = {"QUEUED": 0, "CLASSIFYING": 1, "ADVISING": 2}


def broken_invariants(ledger: Ledger, stored: Snapshot) -> list[str]:
    """Every problem; none where all holds."""
    checks = (nothing_is_lost, nothing_is_doubled, deleted_stays_deleted, files_match_records)
    problems = [problem for check in checks for problem in check(ledger, stored)]
    for analysis in filter(_is_kept, stored.analyses.values()):
        problems += (f"analysis {analysis['_id']}: {it}" for it in _problems_of(analysis))
    return problems


def nothing_is_lost(ledger: Ledger, stored: Snapshot) -> Iterator[str]:
    for photo in ledger.photos.values():
        if photo.deletion is Deletion.NO and not _is_kept(stored.photos.get(photo.id)):
            yield f"photo {photo.id} was acknowledged and is lost"
    for known in ledger.analyses.values():
        if known.deletion is Deletion.NO:
            yield from _what_is_lost(known, stored.analyses.get(known.id))


def _what_is_lost(known: KnownAnalysis, row: Row | None) -> Iterator[str]:
    if not _is_kept(row):
        yield f"analysis {known.id} was acknowledged and is lost"
        return
    if row["status"] in UNFINISHED:
        yield f"analysis {known.id} hangs: it is {row['status']}"
    if known.is_cancelled and row["status"] != "CANCELLED":
        yield f"analysis {known.id} was cancelled and is {row['status']}"


def nothing_is_doubled(ledger: Ledger, stored: Snapshot) -> Iterator[str]:
    """Each person has the photos and analyses that they were told of, and one more at most for
    each of their requests that never got an answer."""
    yield from _doubled("photos", stored.photos, ledger.photos, ledger.unanswered_uploads)
    yield from _doubled("analyses", stored.analyses, ledger.analyses, ledger.unanswered)
    made = Counter(key["result_id"] for key in stored.keys.values())
    yield from (f"{made_id} belongs to {n} keys" for made_id, n in made.items() if n > 1)


def _doubled(
    kind: str,
    rows: Mapping[str, Row],
    known: Mapping[str, KnownPhoto | KnownAnalysis],
    unanswered: Mapping[str, str],
) -> Iterator[str]:
    """``unanswered``: owners by key."""
    untold = Counter(row["owner_id"] for key, row in rows.items() if key not in known)
    allowed = Counter(unanswered.values())
    for owner, count in untold.items():
        if count > allowed[owner]:
            yield f"person {owner} has {count} {kind} that nobody was told of"
    keys = Counter(one.key for one in known.values())
    yield from (f"key {key} made {n} {kind}" for key, n in keys.items() if n > 1)


def deleted_stays_deleted(ledger: Ledger, stored: Snapshot) -> Iterator[str]:
    for kind, known, rows in (
        ("photo", ledger.photos, stored.photos),
        ("analysis", ledger.analyses, stored.analyses),
    ):
        for one in known.values():
            if one.deletion is Deletion.DONE and _is_kept(rows.get(one.id)):
                yield f"{kind} {one.id} was deleted and is there"
        for key, row in rows.items():
            if not _is_kept(row):
                yield f"deleting {kind} {key} does not come to an end"


def files_match_records(_ledger: Ledger, stored: Snapshot) -> Iterator[str]:
    """No file without its record, no record without its files."""
    wanted = {row[key] for row in stored.photos.values() for key in ("image_key", "thumbnail_key")}
    for row in filter(_is_kept, stored.analyses.values()):
        findings = [f for photo in row["photo_findings"] for f in photo["findings"]]
        wanted |= {finding["attention_key"] for finding in findings} - {None}
    yield from (f"file {path} is missing" for path in sorted(wanted - stored.files))
    ids = stored.photos.keys() | stored.analyses.keys()
    for path in sorted(stored.files - wanted):
        if not ids & set(path.split("/")) or _is_half_written(path):
            yield f"file {path} belongs to nothing"


def _is_half_written(path: str) -> bool:
    return path.rpartition("/")[2].startswith(".")


def _is_kept(row: Row | None) -> TypeGuard[Row]:
    return row is not None and row["keeping"] == "KEPT"


def _problems_of(analysis: Row) -> Iterator[str]:
    numbers = [event["sequence"] for event in events_of(analysis)]
    if numbers != list(range(1, len(numbers) + 1)) or analysis["next_sequence"] != len(numbers) + 1:
        yield f"its events are numbered {numbers}, the next one {analysis['next_sequence']}"
    for kind in ("FINDINGS_READY", "PLAN_READY"):
        if (count := sum(event["kind"] == kind for event in events_of(analysis))) > 1:
            yield f"{kind} was told {count} times"
    yield from _problems_of_order(analysis)
    yield from _problems_of_words(analysis)


def _problems_of_order(analysis: Row) -> Iterator[str]:
    """Each time it was queued it goes forth only, and ends once, at the end."""
    chains = chains_of(analysis)
    for chain in chains:
        ranks = [_RANK[e["status"]] for e in chain if e["kind"] == "STATUS_CHANGED"]
        if ranks != sorted(set(ranks)):
            yield f"its states come in the order {ranks}"
        ends = [number for number, e in enumerate(chain) if e["kind"] == "FINISHED"]
        has_ended = chain is not chains[-1] or analysis["status"] not in UNFINISHED
        if ends != ([len(chain) - 1] if has_ended else []):
            yield f"it ended {len(ends)} times, or told more after its end"


def _problems_of_words(analysis: Row) -> Iterator[str]:
    if analysis["status"] != "COMPLETED":
        return
    text = ""
    for event in events_of(analysis):
        if event["kind"] == "ADVICE_RESTARTED":
            text = ""
        elif event["kind"] == "ADVICE_DELTA":
            text += event["text"]
    if text != analysis["advice"]["text"]:
        yield "the sentences told since the last restart are not its advice"
