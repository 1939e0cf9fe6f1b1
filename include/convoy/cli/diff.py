"""``convoy diff``: what changes in the plans between two states of the manifests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from convoy.cli.diff_sides import Side

SAME, WRONG, DIFFERENT = 0, 1, 2


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.argument("rollout", required=False)
@click.option("--environment", "-e", help="Only this environment. Default: all.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="For people, programs, or a review comment.",
)
def command(old: Path, new: Path, rollout: str | None, environment: str | None, form: str) -> None:
    """Compare the plans of two states of the manifests, OLD and NEW, for all rollouts or for ROLLOUT.

    OLD and NEW are folders or files of manifests, or JSON files that `convoy plan --format json` has written.

    Exit code 0: the plans say the same. 2: they differ. 1: something is wrong, because a side cannot be read, or a
    rollout of it has no plan; every reason is on standard error.
    """
    from convoy.cli.diff_sides import UnreadableSide, read_side

    sides: list[Side] = []
    wrong = []
    for path in (old, new):
        try:
            sides.append(read_side(path, rollout, environment))
        except UnreadableSide as error:
            wrong.append(str(error))
    if wrong:
        raise click.ClickException("\n".join(wrong))
    before, after = sides
    wrong = [line for side, path in ((before, old), (after, new)) for line in _wrong(side, path)]
    for line in wrong:
        click.echo(line, err=True)
    if not wrong:
        _must_be_somewhere(before, after, rollout, environment)
    changed = _show(before, after, form)
    if wrong:
        raise click.exceptions.Exit(WRONG)
    raise click.exceptions.Exit(DIFFERENT if changed else SAME)


def _wrong(side: Side, path: Path) -> list[str]:
    """Everything that keeps a side from being compared as a whole."""
    lines = list(map(str, side.unread))
    for (name, place), reasons in side.unplannable.items():
        lines.append(f"{path}: no plan for {name}{f' in {place}' if place else ''}:")
        lines += map(str, reasons)
    return lines


def _must_be_somewhere(before: Side, after: Side, rollout: str | None, environment: str | None) -> None:
    from convoy.manifest.diagnostics import did_you_mean

    for what, wanted, index in (("rollout", rollout, 0), ("environment", environment, 1)):
        known = before.names[index] | after.names[index]
        if wanted is not None and wanted not in known:
            raise click.ClickException(f"no {what} {wanted!r} on either side. {did_you_mean(wanted, known)}".rstrip())
    if not {*before.plans, *after.plans}:
        raise click.ClickException(
            f"{rollout} goes to {environment} on neither side" if rollout else "there is no rollout on either side"
        )


def _show(before: Side, after: Side, form: str) -> bool:
    """Print every comparison that can be made; whether anything differs."""
    import json

    from convoy.planning.difference import compare
    from convoy.planning.difference_forms import FORMS

    plannable = [
        key for key in sorted({*before.plans, *after.plans}) if not (_fails(before, key) or _fails(after, key))
    ]
    both = [key for key in plannable if key in before.plans and key in after.plans]
    differences = [compare(before.plans[key], after.plans[key]) for key in both]
    alone = {key: "removed" if key in before.plans else "added" for key in plannable if key not in both}
    if form == "json":
        document = {
            "added": [_named(key) for key, what in alone.items() if what == "added"],
            "removed": [_named(key) for key, what in alone.items() if what == "removed"],
            "unplannable": [*_reasons("old", before), *_reasons("new", after)],
            "compared": [difference.to_dict() for difference in differences],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        head = "### " if form == "markdown" else ""
        parts = [f"{head}Rollout {name} in {place}: {what}\n" for (name, place), what in alone.items()]
        parts += [FORMS[form](difference) for difference in differences]
        click.echo("\n".join(parts), nl=False)
    return bool(alone) or any(not difference.empty for difference in differences)


def _fails(side: Side, key: tuple[str, str]) -> bool:
    """Whether the side has the rollout but no plan of it: then nothing can be said about it."""
    return key in side.unplannable or (key[0], "") in side.unplannable


def _named(key: tuple[str, str]) -> dict[str, str]:
    return {"rollout": key[0], "environment": key[1]}


def _reasons(which: str, side: Side) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {"side": which, **_named(key), "reasons": list(map(str, reasons))} for key, reasons in side.unplannable.items()
    ]
    if side.unread:
        found.append({"side": which, "rollout": "", "environment": "", "reasons": list(map(str, side.unread))})
    return found
