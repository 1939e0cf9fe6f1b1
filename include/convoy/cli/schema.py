"""``convoy schema``: the JSON Schema of the manifests, and their reference pages."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write convoy.schema.json into this folder."
)
@click.option(
    "--docs", type=click.Path(file_okay=False, path_type=Path), help="Write the reference pages into this folder."
)
def command(out: Path | None, docs: Path | None) -> None:
    """Print the JSON Schema of the manifests, or write it, or the reference pages, into a folder.

    Editors use it when a manifest's first line is `# yaml-language-server: $schema=<path of the file>`.
    """
    from convoy.manifest.reference import reference_pages
    from convoy.manifest.schema import SCHEMA_FILE, schema_text

    if out is None and docs is None:
        click.echo(schema_text(), nl=False)
    if out is not None:
        _write(out / SCHEMA_FILE, schema_text())
    if docs is not None:
        for name, text in reference_pages().items():
            _write(docs / name, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")
