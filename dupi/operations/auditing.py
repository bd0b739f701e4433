"""Audit records of deployments and shadows: written with the act, or made up for by a sweep."""

from dupi.operations.audit import Act, AuditEvent, event_id, record
from dupi.operations.deployments import deployments
from dupi.operations.models import Deployment, DeploymentState, Shadow

_OWED = {"is_audit_owed": True}
_SETTLED = {"$set": {"is_audit_owed": False}}


async def settle_all() -> None:
    """Write every record that is still owed."""
    for deployment in await Deployment.find(_OWED).to_list():
        await settle_deployment(deployment.id)
    for shadow in await Shadow.find(_OWED).to_list():
        await settle_shadow(shadow.id)


async def settle_deployment(deployment_id: str) -> None:
    """Write the record of a promotion or roll-back that came to its end. Safe to repeat."""
    found = await Deployment.get(deployment_id)
    if found is None or not found.is_audit_owed:
        return
    before = found.previous_id and await Deployment.get(found.previous_id)
    act = Act.ROLL_BACK_DEPLOYMENT if found.rolled_back_from_id else Act.PROMOTE_MODEL
    await record(
        AuditEvent(
            id=event_id(act, found.id),
            act=act,
            object_kind="Deployment",
            object_id=found.id,
            actor=found.actor,
            before=_state(before) if before else {},
            after=_outcome(found),
            note=found.note,
            at=found.live_at or found.created_at,
        )
    )
    await deployments().update_one({"_id": found.id}, _SETTLED)


def _state(before: Deployment) -> dict[str, object]:
    advisor = before.advisor.version
    return {"deployment_id": before.id, "versions": before.versions, "advisor": advisor}


def _outcome(deployment: Deployment) -> dict[str, object]:
    failed = deployment.state is DeploymentState.FAILED
    return {
        "number": deployment.number,
        "versions": deployment.versions,
        "advisor": deployment.advisor.version,
        "went_live": not failed,
        **({"failure": deployment.failure} if failed else {}),
    }


async def settle_shadow(shadow_id: str) -> None:
    """Write the records that a shadow began, that its rate changed and, where it has, that it
    ended. Safe to repeat."""
    found = await Shadow.get(shadow_id)
    if found is None or not found.is_audit_owed:
        return
    for event in [_begun(found), *_changed(found), *_ended(found)]:
        await record(event)
    where = {  # what changed or ended meanwhile owes one more
        "_id": found.id,
        "is_active": found.is_active,
        "sample_rate": found.sample_rate,
    }
    await Shadow.get_pymongo_collection().update_one(where, _SETTLED)


def _what(shadow: Shadow) -> dict[str, object]:
    return {
        "model": shadow.model,
        "version": shadow.version,
        "live_version": shadow.live_version,
    }


def _begun(shadow: Shadow) -> AuditEvent:
    first = shadow.rate_changes[0].before if shadow.rate_changes else shadow.sample_rate
    return AuditEvent(
        id=event_id(Act.SHADOW_MODEL, shadow.id),
        act=Act.SHADOW_MODEL,
        object_kind="Shadow",
        object_id=shadow.id,
        actor=shadow.actor,
        after=_what(shadow) | {"sample_rate": first},
        at=shadow.started_at,
    )


def _changed(shadow: Shadow) -> list[AuditEvent]:
    return [
        AuditEvent(
            id=event_id(Act.CHANGE_SHADOW, f"{shadow.id}:{number}"),
            act=Act.CHANGE_SHADOW,
            object_kind="Shadow",
            object_id=shadow.id,
            actor=change.actor,
            before={"sample_rate": change.before},
            after={"sample_rate": change.after},
            at=change.at,
        )
        for number, change in enumerate(shadow.rate_changes)
    ]


def _ended(shadow: Shadow) -> list[AuditEvent]:
    if not (shadow.stopped_by and shadow.stopped_at):
        return []
    return [
        AuditEvent(
            id=event_id(Act.STOP_SHADOW, shadow.id),
            act=Act.STOP_SHADOW,
            object_kind="Shadow",
            object_id=shadow.id,
            actor=shadow.stopped_by,
            before=_what(shadow),
            after={"samples": shadow.samples, "agreed": shadow.agreed},
            at=shadow.stopped_at,
        )
    ]
