"""``convoy status``: is Airflow well, what do the rollouts say, who holds which lock."""

from __future__ import annotations

from typing import Any

import click

from convoy.cli.places import home, manifests_folder

MEANING = {
    "api-server": "tasks cannot report, and nobody can look or trigger",
    "database": "nothing works without it",
    "scheduler": "no task starts, also no rollback; what waits goes on waiting",
    "dag-processor": "changed manifests are not seen; runs under way go on",
    "triggerer": "every gate and every canary pause stands still: runs neither go on nor roll back until it is back",
}


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """Show the health of Airflow's components, errors in manifests, the last run of every rollout, and the locks.

    Exit code 1 if a component is not healthy.
    """
    import json

    from convoy.embedded import Embedded, EmbeddedError

    airflow = Embedded(home())
    try:
        found = _ask(airflow)
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        click.echo(json.dumps(found, indent=1))
    else:
        _show(found)
    if not found["healthy"]:
        raise click.exceptions.Exit(1)


def _ask(airflow: Any) -> dict[str, Any]:
    health = airflow.health()
    found: dict[str, Any] = {
        "url": airflow.url,
        "home": str(airflow.home.root),
        "running": airflow.is_up(),
        "healthy": health.healthy,
        "components": {
            name: {"state": state, "meaning": "" if state == "healthy" else MEANING.get(name, "")}
            for name, state in health.components.items()
        },
        "import_errors": [],
        "rollouts": [],
        "locks": _locks(),
    }
    if health.components["api-server"] == "healthy":
        found.update(_ask_airflow(airflow))
    return found


def _ask_airflow(airflow: Any) -> dict[str, Any]:
    from convoy.embedded.api import AirflowApi

    with AirflowApi(airflow.url, airflow.user, airflow.password) as api:
        rollouts = []
        for dag in api.rollouts():
            last = next(iter(api.runs(dag["dag_id"], limit=1)), None)
            rollouts.append(
                {
                    "dag_id": dag["dag_id"],
                    "paused": dag["is_paused"],
                    "stale": dag["is_stale"],
                    "last_run": last["dag_run_id"] if last else None,
                    "state": last["state"] if last else None,
                    "outcome": api.outcome(dag["dag_id"], last["dag_run_id"]) if last else None,
                }
            )
        errors = [{"file": e["filename"], "error": e["stack_trace"]} for e in api.import_errors()]
    return {"rollouts": rollouts, "import_errors": errors}


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
    click.echo(f"Airflow at {found['url']}, in {found['home']}" + ("" if found["running"] else ": NOT RUNNING"))
    for name, component in found["components"].items():
        bad = component["state"] != "healthy"
        line = f"  {'✘' if bad else '✔'} {name:<14} {component['state'].upper() if bad else component['state']}"
        click.secho(line + (f": {component['meaning']}" if component["meaning"] else ""), fg="red" if bad else None)
    if not found["running"]:
        click.echo("  convoy up starts it")
    for error in found["import_errors"]:
        click.secho(f"Errors in {error['file']}:", fg="red")
        click.echo("\n".join(f"  {line}" for line in error["error"].strip().splitlines()[-20:]))
    if found["rollouts"]:
        click.echo("Rollouts")
    for rollout in found["rollouts"]:
        notes = [note for note in ("paused", "stale") if rollout[note]]
        last = (
            f"{rollout['outcome'] or rollout['state']}  {rollout['last_run']}" if rollout["last_run"] else "never run"
        )
        click.echo(
            f"  {rollout['dag_id']}  {last}" + (f"  ({', '.join(notes)}: nothing is scheduled)" if notes else "")
        )
    if found["locks"]:
        click.echo("Environments")
    for entry in found["locks"]:
        if entry["error"]:
            click.secho(f"  {entry['environment']}: CANNOT BE ASKED: {entry['error']}", fg="red")
        elif not entry["locks"]:
            click.echo(f"  {entry['environment']}: no locks")
        for lock in entry["locks"]:
            click.echo(f"  {entry['environment']}: {lock['holder']} ({lock['epoch']}) {', '.join(lock['components'])}")
