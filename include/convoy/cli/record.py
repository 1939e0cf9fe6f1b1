"""``convoy record``: what happened in a run, from its sealed record."""

from __future__ import annotations

import json

import click
from upath import UPath

from convoy.airflow.recorder import folder_of, records_base


@click.command()
@click.argument("dag_id")
@click.argument("run_id", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(dag_id: str, run_id: str | None, form: str) -> None:
    """Show the record of a run (default: the newest) and check its seals. Exit code 1 if a seal is broken."""
    from convoy.record.sealed import broken_at

    folder = _folder(dag_id, run_id)
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    broken = broken_at(record)
    if form == "json":
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        click.echo((folder / "timeline.md").read_text(encoding="utf-8"))
    if broken is not None:
        click.echo(f"BROKEN SEAL: event {broken} of {folder / 'record.json'} is not what was recorded", err=True)
        raise click.exceptions.Exit(1)
    if form == "text":
        click.echo(f"All {len(record['events'])} seals hold. {folder}")


def _folder(dag_id: str, run_id: str | None) -> UPath:
    base = UPath(records_base()) / dag_id
    found = sorted(base.glob("*/record.json"), key=lambda path: path.stat().st_mtime) if base.exists() else []
    folders = [path.parent for path in found]
    if run_id is not None:
        wanted = folder_of(run_id)
        folders = [path for path in folders if path.name == wanted or path.name.startswith(f"{wanted}.")]
    if not folders:
        raise click.UsageError(f"no record of {run_id or 'any run'} below {base}")
    return folders[-1]
