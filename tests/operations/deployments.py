"""Deployments for tests."""

from dupi.clock import utc_now
from dupi.ids import new_id, sort_key
from dupi.operations.models import DeployedAdvisor, DeployedModel, Deployment, DeploymentState
from dupi.vision import contract as names

ABSTAIN_BELOW = 0.5


def a_deployment(number: int = 1, version: str = "4") -> Deployment:
    """A live deployment of every component, trunk version 1."""
    now, deployment_id = utc_now(), new_id()
    return Deployment(
        id=deployment_id,
        number=number,
        state=DeploymentState.LIVE,
        models=[_deployed(model, version) for model in names.COMPONENTS],
        input_size=names.INPUT_SIZE,
        advisor=DeployedAdvisor(model="dupi-advisor", version=None, endpoint=None),
        created_at=now,
        live_at=now,
        sort_key=sort_key(now, deployment_id),
    )


def _deployed(model: str, version: str) -> DeployedModel:
    is_trunk = model == names.TRUNK
    return DeployedModel(
        model=model,
        version="1" if is_trunk else version,
        trunk_version="1",
        abstain_below=None if is_trunk else ABSTAIN_BELOW,
    )
