"""``convoy import``: Component manifests from what a team already has."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from convoy.manifest.importers.base import Finding, Imported

STDOUT = "-"
SCHEMA = Path("include", "schemas", "convoy.schema.json")


@click.command(name="import")
@click.argument("kind", metavar="KIND")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", default=STDOUT, show_default=True, help="Folder for one file per manifest; - prints them in one."
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@click.option("--schema", help="Where editors find the schema, for the first line of every file.")
@click.option("--profile", "profiles", multiple=True, help="compose: import the services of this profile too.")
@click.option("--all-profiles", is_flag=True, help="compose: import the services of every profile.")
@click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="compose: values of variables. Default: .env beside the first file.",
)
@click.option("--waves-as-order", is_flag=True, help="argocd: every sync wave depends on the one before it.")
@click.option("--api-version", help="backstage: give every API this version, so that it becomes a contract.")
def command(
    kind: str,
    paths: tuple[Path, ...],
    output: str,
    force: bool,
    form: str,
    schema: str | None,
    profiles: tuple[str, ...],
    all_profiles: bool,
    env_files: tuple[Path, ...],
    waves_as_order: bool,
    api_version: str | None,
) -> None:
    """Make Component manifests from other files.

    KIND is compose, kubernetes, helmfile, flux, argocd, backstage or pact. PATHS are files, and for most kinds folders.
    Compose files are merged in their order. What cannot be carried over is reported with its place. Exit code 1 if
    something is wrong (a reference that leads nowhere, a cycle, a file that cannot be read), else 0. The manifests are
    written in both cases.
    """
    from convoy.manifest.importers.base import ImportFailed, Options
    from convoy.manifest.importers.registry import UnknownKind, importer

    options = Options(
        profiles=profiles,
        all_profiles=all_profiles,
        env_files=env_files,
        waves_as_order=waves_as_order,
        api_version=api_version,
    )
    try:
        imported = importer(kind)(paths, options)
    except UnknownKind as error:
        raise click.UsageError(str(error)) from None
    except ImportFailed as error:
        _report_failure(error.findings, form)
        raise click.exceptions.Exit(1) from None
    written = _write(imported, output, force, schema) if output != STDOUT else []
    if form == "json":
        click.echo(json.dumps(_as_json(imported, written), indent=2))
    elif output == STDOUT:
        from convoy.manifest.importers.writer import manifest_text

        click.echo(manifest_text(imported.documents, schema or _near_schema(Path())), nl=False)
    if form == "text":
        _report(imported, written)
    if imported.errors:
        raise click.exceptions.Exit(1)


def _write(imported: Imported, output: str, force: bool, schema: str | None) -> list[Path]:
    """Write one file per manifest: all of them, or none where one is in the way."""
    from convoy.manifest.importers.writer import manifest_files

    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"{folder} is a file: name a folder, or - to print")
    files = {folder / name: t for name, t in manifest_files(imported.documents, schema or _near_schema(folder)).items()}
    existing = [str(path) for path in files if path.exists()]
    if existing and not force:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise click.UsageError(f"{existing[0]}{more} would be overwritten: name another folder, or add --force")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def _near_schema(folder: Path) -> str:
    """The schema of the project that the command runs in, seen from a folder."""
    return Path(os.path.relpath(SCHEMA.resolve(), folder.resolve())).as_posix()


def _report(imported: Imported, written: Sequence[Path]) -> None:
    """Every finding and the counts, on standard error: standard output may hold the manifests."""
    for finding in imported.findings:
        click.echo(str(finding), err=True)
    counts = _counts(imported)
    click.echo(
        f"{_count(counts['components'], 'component')}, {_count(counts['dependencies'], 'dependency', 'dependencies')}: "
        f"{_count(counts['error'], 'error')}, {_count(counts['warning'], 'warning')}, {_count(counts['note'], 'note')}",
        err=True,
    )
    if written:
        click.echo(f"wrote {_count(len(written), 'file')} in {written[0].parent}", err=True)


def _report_failure(findings: Sequence[Finding], form: str) -> None:
    if form == "json":
        click.echo(json.dumps({"findings": [finding.to_dict() for finding in findings]}, indent=2))
    for finding in findings if form == "text" else ():
        click.echo(str(finding), err=True)
    click.echo("nothing was imported", err=True)


def _counts(imported: Imported) -> Mapping[str, int]:
    severities = [finding.severity for finding in imported.findings]
    return {
        "components": sum(document["kind"] == "Component" for document in imported.documents),
        "dependencies": sum(len(document.get("dependsOn", ())) for document in imported.documents),
        **{severity: severities.count(severity) for severity in ("error", "warning", "note")},
    }


def _as_json(imported: Imported, written: Sequence[Path]) -> dict[str, object]:
    return {
        "counts": _counts(imported),
        "documents": list(imported.documents),
        "findings": [finding.to_dict() for finding in imported.findings],
        "levels": dict(imported.levels),
        "written": [str(path) for path in written],
    }


def _count(number: int, what: str, several: str = "") -> str:
    return f"{number} {what}" if number == 1 else f"{number} {several or what + 's'}"
