"""A difference between plans as text, as JSON, and as a review comment."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from types import MappingProxyType

from convoy.planning.difference import ARCS, CERTIFICATE, ORDER, SECTIONS, Difference, Entry
from convoy.planning.formats.markdown import MAX_CHARACTERS, escape
from convoy.planning.words import count

WIDTH = 100
MOST_CELLS = 12
"""A certificate may have thousands of lines; the JSON form has them all."""


def as_text(difference: Difference, width: int = WIDTH) -> str:
    """One line per entry, ``+``, ``-`` or ``~``, by section."""
    lines = [_title(difference)]
    for section in SECTIONS:
        entries = _not_said(difference, section)
        if entries:
            lines += ["", section]
        shown, left = _bounded(section, entries)
        for entry in shown:
            lines += textwrap.wrap(
                f"{entry.sign} {_words(entry)}",
                width,
                initial_indent="  ",
                subsequent_indent="      ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for reason in entry.why:
                lines += textwrap.wrap(
                    f"because {reason}",
                    width,
                    initial_indent="      ",
                    subsequent_indent="              ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
        if left:
            lines.append(f"  {left}")
    return "\n".join(lines) + "\n"


def as_json(difference: Difference) -> str:
    """Everything, as indented JSON."""
    return json.dumps(difference.to_dict(), indent=2) + "\n"


def as_markdown(difference: Difference) -> str:
    """A review comment: the certificate and the arcs folded away, everything else in sight."""
    for most in (10**9, 100, 20, 5):
        text = _comment(difference, most)
        if len(text) <= MAX_CHARACTERS:
            return text
    return f"### {escape(_title(difference))}\n\nThe difference is too large for a comment; the JSON form has it all.\n"


FORMS: Mapping[str, Callable[[Difference], str]] = MappingProxyType(
    {"text": as_text, "json": as_json, "markdown": as_markdown}
)
"""By the name that ``--format`` takes."""


def _comment(difference: Difference, most: int) -> str:
    lines = [f"### {escape(_title(difference))}", ""]
    for section in SECTIONS:
        entries = _not_said(difference, section)
        if not entries:
            continue
        rows = ["| | what | before | after |", "|---|---|---|---|"]
        for entry in entries[:most]:
            why = "".join(f"<br><sub>{escape(reason)}</sub>" for reason in entry.why)
            before, after = escape(entry.old or ""), escape(entry.new or "")
            rows.append(f"| `{entry.sign}` | {escape(entry.subject)}{why} | {before} | {after} |")
        if len(entries) > most:
            rows += ["", f"And {len(entries) - most} more; the JSON form has all."]
        if section in (ARCS, CERTIFICATE):
            title = f"{section}: {count(len(entries), 'difference')}"
            lines += [f"<details><summary>{title}</summary>", "", *rows, "", "</details>", ""]
        else:
            lines += [f"**{section}**", "", *rows, ""]
    lines.append(f"<sub>{escape(difference.old.digest)} → {escape(difference.new.digest)}</sub>")
    return "\n".join(lines) + "\n"


def _title(difference: Difference) -> str:
    plan = difference.new
    where = f"Rollout {plan.rollout} in {plan.environment}"
    if difference.empty:
        return f"{where}: no difference"
    found = count(len(difference.entries), "difference")
    if difference.same_steps:
        return f"{where}: {found}, and the same steps (equal digests)"
    return f"{where}: {found}"


def _not_said(difference: Difference, section: str) -> tuple[Entry, ...]:
    """The entries of a section, without arcs that the order has named as its reasons."""
    entries = difference.section(section)
    if section != ARCS:
        return entries
    said = {(entry.sign, reason) for entry in difference.section(ORDER) for reason in entry.why}
    return tuple(entry for entry in entries if (entry.sign, entry.new or entry.old) not in said)


def _bounded(section: str, entries: tuple[Entry, ...]) -> tuple[tuple[Entry, ...], str]:
    if section != CERTIFICATE or len(entries) <= MOST_CELLS:
        return entries, ""
    return entries[:MOST_CELLS], f"and {len(entries) - MOST_CELLS} more; the JSON form has all"


def _words(entry: Entry) -> str:
    if entry.old is not None and entry.new is not None:
        return f"{entry.subject}: {entry.old} => {entry.new}"
    return f"{entry.subject}: {entry.old if entry.new is None else entry.new}"
