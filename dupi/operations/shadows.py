"""Shadows in the store: beginning, ending, adding up how far a candidate and a live head agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pymongo import DESCENDING
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from dupi.clock import utc_now
from dupi.documents import plain
from dupi.errors import Conflict, FieldErrorCode, InvalidInput, NotFound
from dupi.ids import new_id, sort_key
from dupi.knowledge.vocabulary import Severity
from dupi.operations.audit import PLATFORM, Actor
from dupi.operations.auditing import settle_shadow
from dupi.operations.models import Deployment, RateChange, Shadow
from dupi.vision.contract import TRUNK, Manifest

SHOWN: Final = 20
"""Shadows of a model that are listed, newest first."""

_TRIES: Final = 20


@dataclass
class Tally:
    """What was compared since the last write: photos by live and candidate grade, and by grade
    the sum of candidate minus live probability."""

    counts: Counter[str] = field(default_factory=Counter)
    shifts: list[float] = field(default_factory=lambda: [0.0] * len(Severity))

    def add(self, live: Sequence[float], said: Sequence[float]) -> bool:
        """Whether both find the same grade likeliest."""
        grades = [values.index(max(values)) for values in (live, said)]
        self.counts[f"{grades[0]}_{grades[1]}"] += 1
        self.shifts = [s + b - a for s, a, b in zip(self.shifts, live, said, strict=True)]
        return grades[0] == grades[1]

    def merge(self, other: "Tally") -> None:
        self.counts += other.counts
        self.shifts = [one + two for one, two in zip(self.shifts, other.shifts, strict=True)]


def refuse_rate(sample_rate: float) -> None:
    """Raises InvalidInput (``sampleRate``) unless it is above 0 and at most 1."""
    if not 0 < sample_rate <= 1:
        raise InvalidInput.at("sampleRate", code=FieldErrorCode.OUT_OF_RANGE)


def refuse_as_shadow(live: Deployment, candidate: Manifest) -> None:
    """Raises Conflict where the candidate is live itself or was trained on another trunk."""
    if candidate.trunk_version != live.versions[TRUNK]:
        raise Conflict("trained on another trunk", current_id=live.id, reason="mixed_trunks")
    if live.versions[candidate.model] == candidate.version:
        raise Conflict("this version is live", current_id=live.id, reason="is_live")


async def begin(live: Deployment, candidate: Manifest, *, rate: float, actor: Actor) -> Shadow:
    """A new shadow; where one of this version runs already, that one, at the new rate."""
    now, shadow_id = utc_now(), new_id()
    slot = f"{candidate.model}:{candidate.version}:{live.versions[candidate.model]}"
    grades = [int(grade) for grade in Severity]
    shadow = Shadow(
        id=shadow_id,
        model=candidate.model,
        version=str(candidate.version),
        live_version=str(live.versions[candidate.model]),
        trunk_version=str(candidate.trunk_version),
        sample_rate=rate,
        actor=actor,
        started_at=now,
        counts={f"{one}_{other}": 0 for one in grades for other in grades},
        shift_sums={str(grade): 0.0 for grade in grades},
        slot=slot,
        sort_key=sort_key(now, shadow_id),
    )
    try:
        await shadow.insert()
    except DuplicateKeyError:
        return await _change_rate(slot, rate, actor)
    await settle_shadow(shadow_id)
    return shadow


async def _change_rate(slot: str, rate: float, actor: Actor) -> Shadow:
    for _ in range(_TRIES):
        row = await _shadows().find_one({"slot": slot})
        if row is None:
            raise Conflict("the shadow of this version has just ended")
        found = Shadow.from_row(row)
        if found.sample_rate == rate:
            return found
        if await _write_rate(found, rate, actor):
            await settle_shadow(found.id)
    raise Conflict("others change this shadow just now")


async def _write_rate(found: Shadow, rate: float, actor: Actor) -> bool:
    """The change, and in the same write the record that is owed; whether nobody was faster."""
    change = RateChange(before=found.sample_rate, after=rate, actor=actor, at=utc_now())
    changes = {
        "sample_rate": rate,
        "rate_changes": plain([*found.rate_changes, change]),
        "is_audit_owed": True,
    }
    where = {"slot": found.slot, "sample_rate": found.sample_rate}
    done = await _shadows().update_one(where, {"$set": changes})
    return done.matched_count == 1


async def stop(shadow_id: str, *, actor: Actor) -> Shadow:
    """End a shadow; one that has ended is answered as it is. Raises NotFound."""
    await _end({"_id": shadow_id, "is_active": True}, shadow_id, actor)
    return await get_shadow(shadow_id=shadow_id)


async def get_shadow(*, shadow_id: str) -> Shadow:
    """Raises NotFound."""
    found = await Shadow.get(shadow_id)
    if found is None:
        raise NotFound(f"no shadow {shadow_id}")
    return found


async def list_active() -> list[Shadow]:
    return await Shadow.find({"is_active": True}).to_list()


async def list_newest(model: str) -> list[Shadow]:
    rows = _shadows().find({"model": model}).sort("sort_key", DESCENDING).limit(SHOWN)
    return [Shadow.from_row(row) async for row in rows]


async def end_outdated_shadows(live: Deployment) -> None:
    """End every shadow whose live version went, or whose candidate is live now."""
    versions = {model: str(version) for model, version in live.versions.items()}
    for shadow in await list_active():
        if versions[shadow.model] != shadow.live_version:
            await _end({"_id": shadow.id, "is_active": True}, shadow.id, PLATFORM)


async def add_up(shadow_id: str, tally: Tally) -> None:
    """Add what was compared; processes may do so at once."""
    counts = {f"counts.{cell}": times for cell, times in tally.counts.items()}
    shifts = {f"shift_sums.{grade}": total for grade, total in enumerate(tally.shifts)}
    changes: Mapping[str, int | float] = {**counts, **shifts}
    await _shadows().update_one({"_id": shadow_id}, {"$inc": dict(changes)})


async def _end(where: dict[str, Any], shadow_id: str, actor: Actor) -> None:
    changes = {
        "is_active": False,
        "stopped_at": utc_now(),
        "stopped_by": actor.model_dump(mode="json"),
        "slot": shadow_id,
        "is_audit_owed": True,
    }
    await _shadows().update_one(where, {"$set": changes})
    await settle_shadow(shadow_id)


def _shadows() -> AsyncCollection[dict[str, Any]]:
    return Shadow.get_pymongo_collection()
