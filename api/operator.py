"""``python -m api.operator <command>``: models and deployments from the command line.

    models                          every model, its versions and shadows
    deployments                     what was live when, newest first
    status                          the live deployment, and which parts are at it
    promote MODEL=VERSION …         let versions go live as one deployment
    rollback                        back to the deployment before
    shadow MODEL VERSION            let a candidate head see what the live one sees
    stop-shadow ID                  end that
    role EMAIL                      make a person an operator (--user: take it back)

It calls the services that GraphQL calls, with the same checks and audit records, on the store and
the Triton servers that the ``DUPI_`` variables name; so it also works before anybody is an
operator, and while no web is up. The record names the account of whoever runs it. Exit status: 0
done, 1 refused or failed, 2 wrong usage, 3 a part is away: try again later.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console

from api.operator_output import Shown, show
from dupi.accounts.models import Role
from dupi.accounts.service import find_by_email, give_role
from dupi.errors import DupiError, InvalidInput, NotFound, RetryLater
from dupi.ids import new_id
from dupi.logs import set_up_logs
from dupi.operations import service as operations
from dupi.operations.audit import Act, Actor, AuditEvent, record
from dupi.operations.models import Deployment, DeploymentState
from dupi.operations.readiness import readiness
from dupi.operations.service import ChosenVersion
from dupi.paging import PageRequest
from dupi.resources import Resources, open_resources
from dupi.settings import LogSettings, Settings, load_settings
from dupi.store import store_errors

DONE: Final = 0
REFUSED: Final = 1
TRY_LATER: Final = 3


def main(arguments: Sequence[str], settings: Settings | None = None) -> int:
    """Run one command; the exit status."""
    given = _parse(arguments)
    set_up_logs(LogSettings(level="WARNING", file=None))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    try:
        shown = asyncio.run(_run(given, settings or load_settings()))
    except DupiError as refused:
        sys.stderr.write(f"{refused.code}: {_why(refused)}\n")
        return TRY_LATER if isinstance(refused, RetryLater) else REFUSED
    show(shown, console, as_json=given.json)
    return REFUSED if shown.has_failed else DONE


def _why(refused: DupiError) -> str:
    if isinstance(refused, InvalidInput):
        return "; ".join(f"{'.'.join(one.path)}: {one.code}" for one in refused.fields)
    return str(refused)


async def _run(given: argparse.Namespace, settings: Settings) -> Shown:
    async with open_resources(settings) as resources:
        with store_errors():  # it may go away meanwhile
            shown: Shown = await given.run(resources, given)
        return shown


async def _models(resources: Resources, given: argparse.Namespace) -> Shown:
    return Shown(models=await operations.list_models(resources))


async def _deployments(resources: Resources, given: argparse.Namespace) -> Shown:
    page = await operations.list_deployments(page=PageRequest(first=given.last))
    return Shown(deployments=page.items)


async def _status(resources: Resources, given: argparse.Namespace) -> Shown:
    live = await operations.find_live_deployment()
    return Shown(deployments=(live,) if live else (), parts=await readiness(resources))


async def _promote(resources: Resources, given: argparse.Namespace) -> Shown:
    done = await operations.promote(
        resources,
        versions=given.versions,
        expected_id=given.expect or (await operations.get_live_deployment()).id,
        actor=Actor.at_command_line(),
        note=given.note,
    )
    return _outcome(done)


async def _roll_back(resources: Resources, given: argparse.Namespace) -> Shown:
    done = await operations.roll_back(
        resources,
        expected_id=given.expect or (await operations.get_live_deployment()).id,
        to_id=await _numbered(given.to) if given.to else None,
        actor=Actor.at_command_line(),
        note=given.note,
    )
    return _outcome(done)


def _outcome(done: Deployment) -> Shown:
    return Shown(deployments=(done,), has_failed=done.state is DeploymentState.FAILED)


async def _numbered(number: int) -> str:
    """Raises NotFound."""
    found = await Deployment.find({"number": number}).first_or_none()
    if found is None:
        raise NotFound(f"there is no deployment {number}")
    return str(found.id)


async def _shadow(resources: Resources, given: argparse.Namespace) -> Shown:
    shadow = await operations.shadow_model(
        resources,
        model=given.model,
        version=given.version,
        sample_rate=given.rate,
        actor=Actor.at_command_line(),
    )
    return Shown(shadows=(shadow,))


async def _stop_shadow(resources: Resources, given: argparse.Namespace) -> Shown:
    shadow = await operations.stop_shadow(
        resources, shadow_id=given.id, actor=Actor.at_command_line()
    )
    return Shown(shadows=(shadow,))


async def _role(resources: Resources, given: argparse.Namespace) -> Shown:
    """On record first: an act that is recorded and was cut off can be done again."""
    role = Role.USER if given.user else Role.OPERATOR
    user = await find_by_email(resources, email=given.email)
    await record(
        AuditEvent(
            id=new_id(),
            act=Act.GIVE_ROLE,
            object_kind="User",
            object_id=user.id,
            actor=Actor.at_command_line(),
            before={"role": user.role.value},
            after={"role": role.value},
        )
    )
    return Shown(people=(await give_role(resources, user_id=user.id, role=role),))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m api.operator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("models").set_defaults(run=_models)
    commands.add_parser("status").set_defaults(run=_status)
    deployments = commands.add_parser("deployments")
    deployments.add_argument("--last", type=int, default=20, help="how many, 1 to 100")
    deployments.set_defaults(run=_deployments)
    promote = commands.add_parser("promote")
    promote.add_argument("versions", nargs="+", type=_chosen, metavar="MODEL=VERSION")
    promote.set_defaults(run=_promote)
    rollback = commands.add_parser("rollback")
    rollback.add_argument("--to", type=int, help="number of a deployment; default: the one before")
    rollback.set_defaults(run=_roll_back)
    for changing in (promote, rollback):
        changing.add_argument("--expect", help="refuse unless the deployment of this id is live")
        changing.add_argument("--note", help="why, for the record")
    shadow = commands.add_parser("shadow")
    shadow.add_argument("model")
    shadow.add_argument("version")
    shadow.add_argument("--rate", type=float, default=1.0, help="part of the photos, to 1")
    shadow.set_defaults(run=_shadow)
    stop = commands.add_parser("stop-shadow")
    stop.add_argument("id")
    stop.set_defaults(run=_stop_shadow)
    role = commands.add_parser("role")
    role.add_argument("email")
    role.add_argument("--user", action="store_true", help="make an ordinary user again")
    role.set_defaults(run=_role)
    return parser.parse_args(arguments)


def _chosen(text: str) -> ChosenVersion:
    model, is_pair, version = text.partition("=")
    if not is_pair:
        raise argparse.ArgumentTypeError("give MODEL=VERSION")
    return ChosenVersion(model, version)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
