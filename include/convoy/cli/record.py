"""``convoy record``: what happened in a run, from its sealed record."""

from __future__ import annotations

import json
from pathlib import Path

import click

from convoy.cli.places import home


@click.command()
@click.argument("dag_id")
@click.argument("run_id", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(dag_id: str, run_id: str | None, form: str) -> None:
    """Show the record of a run (default: the newest) and check its seals. Exit code 1 if a seal is broken."""
    from convoy.record.sealed import broken_at

    folder = _folder(home() / "records" / dag_id, run_id)
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    broken = broken_at(record["events"])
    if form == "json":
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        click.echo((folder / "timeline.md").read_text(encoding="utf-8"))
    if broken is not None:
        click.echo(f"BROKEN SEAL: event {broken} of {folder / 'record.json'} is not what was recorded", err=True)
        raise click.exceptions.Exit(1)
    if form == "text":
        click.echo(f"All {len(record['events'])} seals hold. {folder}")


def _folder(base: Path, run_id: str | None) -> Path:
    found = sorted(
        (path.parent for path in base.glob("*/record.json")), key=lambda p: (p / "record.json").stat().st_mtime
    )
    if run_id is not None:
        found = [path for path in found if path.name == run_id or path.name.startswith(f"{run_id}.")]
    if not found:
        raise click.UsageError(f"no record of {run_id or 'any run'} below {base}")
    return found[-1]
