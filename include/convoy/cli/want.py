"""``convoy plan --want``: the least change set that makes wanted versions safe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from convoy.manifest.catalog import LoadResult


def show(loaded: LoadResult, wants: Iterable[str], environment: str | None, form: str, write: Path | None) -> None:
    """Print the change set with the reason for every change, and its plan; save it as a manifest if asked to."""
    import json

    from convoy.cli.plan import refuse
    from convoy.planning.errors import PlanError
    from convoy.planning.formats import FORMATS
    from convoy.planning.wanted.change_set import least_change_set, wanted_contracts
    from convoy.planning.wanted.manifest import write_rollout
    from convoy.planning.wanted.render import as_dict, as_text

    if loaded.errors:
        refuse(loaded.errors, ["a change set is chosen from all components: mend the manifests first"])
    place = _environment(loaded, environment)
    wanted = _parsed(wants)
    try:
        name = _name(loaded, write)
        found = least_change_set(wanted_contracts(loaded.catalog, place, wanted, rollout=name))
    except PlanError as error:
        refuse(error.diagnostics)
    if form in FORMATS:
        click.echo(FORMATS[form](found.plan), nl=False)
    elif form == "json":
        click.echo(json.dumps(as_dict(found), indent=2))
    else:
        click.echo(as_text(found), nl=False)
    if write is not None:
        if write.exists():
            raise click.ClickException(f"{write} exists, and is not overwritten: name another file")
        write.write_text(write_rollout(found, name, place), encoding="utf-8")
        click.echo(f"written to {write}: `convoy plan {name}` shows it", err=True)


def _name(loaded: LoadResult, write: Path | None) -> str:
    """What the rollout is called: as the file that it is written to, or else `wanted`."""
    stem = write.stem if write is not None else "wanted"
    return stem if stem not in loaded.catalog.rollouts else f"{stem}-wanted"


def _environment(loaded: LoadResult, given: str | None) -> str:
    from convoy.manifest.diagnostics import did_you_mean

    names = sorted(loaded.catalog.environments)
    if given is not None:
        if given not in names:
            raise click.ClickException(f"no environment {given!r}. {did_you_mean(given, names)}".rstrip())
        return given
    declared = [name for name in names if loaded.catalog.definition("Environment", name).document is not None]
    if len(declared) > 1:
        raise click.UsageError(f"say in which environment, with -e: there are {', '.join(declared)}")
    return declared[0] if declared else "local"


def _parsed(wants: Iterable[str]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for want in wants:
        name, equals, version = want.partition("=")
        if not (name and equals and version):
            raise click.UsageError(f"--want {want!r}: write it like checkout=2.0.0")
        if wanted.setdefault(name, version) != version:
            raise click.UsageError(f"--want names {name} twice, with {wanted[name]} and {version}")
    return wanted
