"""``convoy status``: is Airflow well, what do the rollouts say, who holds which lock."""

from __future__ import annotations

import json
from typing import Any

import click

from convoy.cli.abort import outcome_of
from convoy.cli.airflow_api import AirflowApi, ApiError, NoAnswer
from convoy.cli.places import manifests_folder
from convoy.cli.session import api_session

MEANING = {
    "api_server": "tasks cannot report, nobody can look or trigger, and nothing else is known; `convoy up` starts it",
    "metadatabase": "nothing works without it",
    "scheduler": "no task starts, also no rollback; what waits goes on waiting",
    "dag_processor": "changed manifests are not seen; runs under way go on",
    "triggerer": "every gate and every canary pause stands still until it is back; nothing passes meanwhile",
}


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """Show the health of Airflow's components, errors in manifests, the last run of every rollout, and the locks.

    Exit code 1 if a component is not healthy.
    """
    try:
        found = _ask()
    except ApiError as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        click.echo(json.dumps(found, indent=1))
    else:
        _show(found)
    if not found["healthy"]:
        raise click.exceptions.Exit(1)


def _ask() -> dict[str, Any]:
    """Everything that can be learned; an Airflow that does not answer is a finding, not an error."""
    found: dict[str, Any] = {"import_errors": [], "rollouts": [], "locks": _locks()}
    with api_session() as api:
        found["url"] = api.url
        try:
            states = {"api_server": "healthy", **api.health()}
        except NoAnswer as error:
            states = {"api_server": f"no answer ({error})"}
        found["components"] = {
            name: {"state": state, "meaning": "" if state == "healthy" else MEANING.get(name, "")}
            for name, state in states.items()
        }
        found["healthy"] = all(state == "healthy" for state in states.values())
        if states["api_server"] == "healthy":
            found["import_errors"] = api.import_errors()
            found["rollouts"] = [_last_run(api, dag_id) for dag_id in api.dag_ids(tag="convoy")]
    return found


def _last_run(api: AirflowApi, dag_id: str) -> dict[str, Any]:
    last = next(iter(api.runs(dag_id, limit=1)), None)
    if last is None:
        return {"dag_id": dag_id, "run_id": None, "state": None, "outcome": None}
    outcome = outcome_of(api.xcom(dag_id, last.run_id, "outcome", "outcome"))
    return {"dag_id": dag_id, "run_id": last.run_id, "state": last.state, "outcome": outcome}


def _locks() -> list[dict[str, Any]]:
    """The locks of every environment in the manifests; one that cannot be asked is listed with the reason."""
    from convoy.manifest.catalog import load
    from convoy.targets import open_target
    from convoy.targets.base import TargetError

    found: list[dict[str, Any]] = []
    for name, environment in sorted(load([manifests_folder()]).catalog.environments.items()):
        entry: dict[str, Any] = {"environment": name, "error": None, "locks": []}
        try:
            for lock in open_target(environment.target.model_dump(), name).locks():
                entry["locks"].append({"holder": lock.holder, "epoch": lock.epoch, "components": list(lock.components)})
        except (TargetError, ValueError) as error:
            entry["error"] = str(error)
        found.append(entry)
    return found


def _show(found: dict[str, Any]) -> None:
    click.echo(f"Airflow at {found['url']}")
    for name, component in found["components"].items():
        if component["state"] == "healthy":
            click.echo(f"  ✔ {name:<13} healthy")
        else:
            click.secho(f"  ✘ {name:<13} {component['state'].upper()}: {component['meaning']}", fg="red", bold=True)
    for error in found["import_errors"]:
        click.secho("Import error", fg="red")
        click.echo("\n".join(f"  {line}" for line in error.strip().splitlines()[-20:]))
    if found["rollouts"]:
        click.echo("Rollouts")
    for rollout in found["rollouts"]:
        last = f"{rollout['outcome'] or rollout['state']}  {rollout['run_id']}" if rollout["run_id"] else "never run"
        click.echo(f"  {rollout['dag_id']}  {last}")
    if found["locks"]:
        click.echo("Environments")
    for entry in found["locks"]:
        if entry["error"]:
            click.secho(f"  {entry['environment']}: CANNOT BE ASKED: {entry['error']}", fg="red")
        elif not entry["locks"]:
            click.echo(f"  {entry['environment']}: no locks")
        for lock in entry["locks"]:
            click.echo(f"  {entry['environment']}: {lock['holder']} ({lock['epoch']}) {', '.join(lock['components'])}")
