"""Which advisor comes with the classifiers that are wanted again."""

from typing import TYPE_CHECKING

from dupi.errors import NotFound
from dupi.operations.advisors import served_again
from dupi.operations.deployments import get_deployment
from dupi.operations.models import DeployedAdvisor, Deployment

if TYPE_CHECKING:
    from dupi.resources import Resources


async def planned_back(
    resources: "Resources", live: Deployment, target: Deployment, note: str | None
) -> dict[str, object]:
    """The fields in which the new deployment differs from the live one.

    What people wait for is the classifiers: where the advisor of their time is not served now, the
    live one stays, and the note says so. Where the classifiers are the live ones already, it is
    about the advisor, and that one it must be.
    """
    advisor, kept = await _advisor(resources, live, target)
    notes = [note] if note else []
    if kept:
        gone, stays = target.advisor.version, live.advisor.version
        notes.append(f"(version {gone} of the advisor is not served now: {stays} stays)")
    return {
        "models": target.models,
        "input_size": target.input_size,
        "advisor": advisor,
        "rolled_back_from_id": live.id,
        "note": " ".join(notes) or None,
    }


async def _advisor(
    resources: "Resources", live: Deployment, target: Deployment
) -> tuple[DeployedAdvisor, bool]:
    """With whether it is the live one for want of the other."""
    if target.versions == live.versions or target.advisor == live.advisor:
        return target.advisor, False
    if target.advisor.version is None:  # its server had not said yet which one it is
        return live.advisor, False
    found = await served_again(resources, target.advisor)
    return (live.advisor, True) if found is None else (found, False)


async def is_wanted_again(live: Deployment, expected_id: str, to_id: str | None) -> bool:
    """Whether ``live`` is what rolling back from ``expected_id`` came to, asked for once more."""
    if live.rolled_back_from_id != expected_id:
        return False
    if to_id is None:
        return True
    try:
        before = await get_deployment(deployment_id=expected_id)
        target = await get_deployment(deployment_id=to_id)
    except NotFound:
        return False
    return live.versions == target.versions and live.advisor in (target.advisor, before.advisor)
