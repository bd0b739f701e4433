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
    """Write the record that a shadow began and, where it has, that it ended. Safe to repeat."""
    found = await Shadow.get(shadow_id)
    if found is None or not found.is_audit_owed:
        return
    what = {"model": found.model, "version": found.version, "live_version": found.live_version}
    begun = AuditEvent(
        id=event_id(Act.SHADOW_MODEL, found.id),
        act=Act.SHADOW_MODEL,
        object_kind="Shadow",
        object_id=found.id,
        actor=found.actor,
        after=what | {"sample_rate": found.sample_rate},
        at=found.started_at,
    )
    await record(begun)
    if found.stopped_by and found.stopped_at:
        ended = {"samples": found.samples, "agreed": found.agreed}
        await record(
            AuditEvent(
                id=event_id(Act.STOP_SHADOW, found.id),
                act=Act.STOP_SHADOW,
                object_kind="Shadow",
                object_id=found.id,
                actor=found.stopped_by,
                before=what,
                after=ended,
                at=found.stopped_at,
            )
        )
    where = {"_id": found.id, "is_active": found.is_active}  # what ended meanwhile owes one more
    await Shadow.get_pymongo_collection().update_one(where, _SETTLED)
