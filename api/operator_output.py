"""What ``api.operator`` prints: tables for people, or JSON for programs."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from dupi.accounts.models import User
from dupi.operations.models import Deployment, Shadow
from dupi.operations.readiness import PartState
from dupi.operations.service import ListedModel


@dataclass(frozen=True)
class Shown:
    """What a command came to; what is ``None`` was not asked for."""

    models: Sequence[ListedModel] | None = None
    deployments: Sequence[Deployment] | None = None
    shadows: Sequence[Shadow] | None = None
    parts: Sequence[PartState] | None = None
    people: Sequence[User] | None = None
    has_failed: bool = False


def show(shown: Shown, console: Console, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(_plain(shown), ensure_ascii=False, indent=2) + "\n")
        return
    for table in _tables(shown):
        console.print(table)


def _plain(shown: Shown) -> dict[str, Any]:
    rows = {
        "models": [_model(one) for one in shown.models or ()],
        "deployments": [_deployment(one) for one in shown.deployments or ()],
        "shadows": [_shadow(one) for one in shown.shadows or ()],
        "parts": [_part(one) for one in shown.parts or ()],
        "people": [_person(one) for one in shown.people or ()],
    }
    return {name: found for name, found in rows.items() if getattr(shown, name) is not None}


def _tables(shown: Shown) -> Iterator[Table]:
    if shown.models is not None:
        yield _model_table(shown.models)
        shadows = [shadow for model in shown.models for shadow in model.shadows]
        yield from [_shadow_table(shadows)] if shadows else []
    if shown.deployments is not None:
        yield _table("deployments", [_deployment(one) for one in shown.deployments])
    if shown.shadows is not None:
        yield _shadow_table(shown.shadows)
    for title, rows in (("parts", shown.parts), ("people", shown.people)):
        if rows is not None:
            yield _table(
                title, [_part(o) if isinstance(o, PartState) else _person(o) for o in rows]
            )


def _model_table(models: Sequence[ListedModel]) -> Table:
    rows = [
        {
            "model": model.name,
            "live": "●" if version["version"] == model.live_version else "",
            **version,
        }
        for model in models
        for version in _model(model)["versions"]
    ]
    return _table("models", rows)


def _shadow_table(shadows: Sequence[Shadow]) -> Table:
    return _table("shadows", [_shadow(one) for one in shadows])


def _table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in rows[0] if rows else ("nothing",):
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "\n".join(f"{name} {one}" for name, one in value.items())
    if isinstance(value, list):
        lines = value and isinstance(value[0], list)
        return ("\n" if lines else " ").join(_cell(one) for one in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _model(model: ListedModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "kind": model.kind.value,
        "live_version": model.live_version,
        "versions": [
            {
                "version": one.version,
                "state": one.state.value,
                "trunk_version": one.trunk_version,
                "trained_on": one.trained_on,
                "data_sha256": one.data_sha256 and one.data_sha256[:12],
                "published_at": one.published_at.isoformat(),
                "failure": one.failure,
            }
            for one in model.versions
        ],
        "shadows": [_shadow(shadow) for shadow in model.shadows],
    }


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "number": deployment.number,
        "state": deployment.state.value,
        "versions": {one.model: one.version for one in deployment.models},
        "advisor": deployment.advisor.version,
        "live_at": deployment.live_at and deployment.live_at.isoformat(timespec="seconds"),
        "by": deployment.actor.user_id or deployment.actor.name or deployment.actor.kind.value,
        "note": deployment.note,
        "failure": deployment.failure,
        "id": deployment.id,
    }


def _shadow(shadow: Shadow) -> dict[str, Any]:
    return {
        "model": shadow.model,
        "version": shadow.version,
        "live_version": shadow.live_version,
        "sample_rate": shadow.sample_rate,
        "samples": shadow.samples,
        "agreed": shadow.agreed,
        "matrix": shadow.matrix,
        "mean_shift": [round(shift, 4) for shift in shadow.mean_shift],
        "stopped_at": shadow.stopped_at and shadow.stopped_at.isoformat(timespec="seconds"),
        "id": shadow.id,
    }


def _part(part: PartState) -> dict[str, Any]:
    return {
        "part": part.name,
        "ready": part.is_ready,
        "required": part.required,
        "waits_for": part.waits_for and part.waits_for.value,
        "cause": part.cause,
    }


def _person(user: User) -> dict[str, Any]:
    return {"email": user.email, "nickname": user.nickname, "role": user.role.value}
