"""``convoy explain``: the effective settings of a rollout, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from convoy.cli.places import manifests_folder, near

_SECTIONS = ("owner", "runbook", "system", "depends_on", "expected_duration", "strategy", "gates", "workload")
_SECONDS = ("duration", "delay", "interval", "latency", "timeout")
_NOT_SECONDS = ("stop_timeout",)


@click.command()
@click.argument("rollout")
@click.argument("component", required=False)
@click.option("--environment", "-e", help="One of the rollout's environments. Default: all of them.")
@click.option(
    "--manifests", type=click.Path(exists=True, path_type=Path), help="Folder or file. Default: include/manifests."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(rollout: str, component: str | None, environment: str | None, manifests: Path | None, form: str) -> None:
    """Show the effective settings of ROLLOUT, or of one COMPONENT in it, and where each comes from.

    The most specific wins: built-in, system, environment, rollout, component, one version of it.
    """
    import json

    from convoy.manifest.catalog import load
    from convoy.manifest.resolve import resolve

    loaded = load([manifests or near(manifests_folder())])
    _known("rollout", rollout, {*loaded.catalog.rollouts, *loaded.broken})
    if rollout in loaded.broken:
        for diagnostic in loaded.broken[rollout]:
            click.echo(str(diagnostic), err=True)
        raise click.exceptions.Exit(1)
    model = loaded.catalog.rollouts[rollout]
    if environment is not None:
        _known(f"environment of {rollout}", environment, model.environment_names)
    if component is not None:
        _known(f"component of {rollout}", component, model.components)
    resolved = [
        resolve(loaded.catalog, rollout, name) for name in ([environment] if environment else model.environment_names)
    ]
    shown = [
        {**one.to_dict(), "components": {k: v for k, v in one.components.items() if component in (None, k)}}
        for one in resolved
    ]
    if form == "json":
        click.echo(json.dumps(shown[0] if len(shown) == 1 else shown, indent=2))
        return
    for one in shown:
        click.echo("\n".join(_text(one)))


def _known(what: str, name: str, names: Any) -> None:
    from convoy.manifest.diagnostics import did_you_mean

    if name not in names:
        hint = did_you_mean(name, names, otherwise=f"there are {', '.join(sorted(names))}" if names else "")
        raise click.ClickException(f"no {what} is called {name!r}. {hint}".rstrip())


def _text(resolved: Mapping[str, Any]) -> Iterator[str]:
    yield f"rollout {resolved['rollout']} in {resolved['environment']} ({resolved['source']})"
    for key in ("description", "owner", "rollback_scope", "on_failure", "max_parallel"):
        if resolved[key] is not None:
            yield f"  {_camel(key)}: {resolved[key]}"
    for key in ("target", "signals"):
        yield from _value(_camel(key), resolved[key], "  ", {}, key)
    for name, settings in resolved["components"].items():
        yield ""
        yield f"component {name}: {settings['from'] or 'nothing'} -> {settings['to']}"
        for key in _SECTIONS:
            yield from _value(_camel(key), settings[key], "  ", settings["provenance"], key)


def _value(label: str, value: Any, indent: str, origins: Mapping[str, str], path: str) -> Iterator[str]:
    """A value as an indented outline; what has a known origin ends with it."""
    origin = f"    # {origins[path]}" if path in origins else ""
    if isinstance(value, dict) and value:
        yield f"{indent}{label}:{origin}"
        yield from _items(value, indent + "  ", origins, path)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        yield f"{indent}{label}:{origin}"
        for item in value:
            lines = list(_items(item, indent + "    ", origins, path)) if isinstance(item, dict) else []
            yield f"{indent}  - {lines[0].lstrip() if lines else _scalar(path, item)}"
            yield from lines[1:]
    elif value is not None or origin:
        yield f"{indent}{label}: {_scalar(path, value)}{origin}"


def _items(values: Mapping[str, Any], indent: str, origins: Mapping[str, str], path: str) -> Iterator[str]:
    """The entries of a mapping, without those that nobody gave. Names that a person gave are shown as they are."""
    free = path.endswith((".env", ".where", ".parameters"))
    for key, item in values.items():
        yield from _value(key if free else _camel(key), item, indent, origins, f"{path}.{key}")


def _scalar(path: str, value: Any) -> str:
    from convoy.manifest.models.base import format_duration

    key = path.rpartition(".")[2]
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and key.endswith(_SECONDS) and key not in _NOT_SECONDS:
        return format_duration(value)
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _camel(key: str) -> str:
    """A key as manifests spell it."""
    if key == "json_field":
        return "json"
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
