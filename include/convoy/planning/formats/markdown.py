"""A plan as a review comment in GitHub's Markdown: what a reviewer has to see before saying yes.

Nothing that comes from a manifest can format, link, ping or break the table: :func:`escape` takes the meaning from
every character that has one. A comment has at most 65,536 characters on GitHub; a plan that does not fit loses its
picture, then its reasons, then the end of its table, and says so.
"""

from __future__ import annotations

from collections import defaultdict

from convoy.planning.formats.edges import edges_of, inner_reasons
from convoy.planning.formats.mermaid import as_mermaid
from convoy.planning.plan import Affected, Batch, Cell, Plan
from convoy.planning.words import certificate_line, change_words, count, duration, headline, marks, one_line

MAX_CHARACTERS = 60_000
MOST_NAMES = 40
MOST_SENTENCES = 50
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PINGS = {"@": "@&#8203;", "#": "&#35;&#8203;"}
"""With a space of no width behind them, neither a person nor an issue is meant."""


def as_markdown(plan: Plan) -> str:
    """The plan as one comment."""
    rows = len(plan.batches)
    for picture, reasons in ((True, True), (False, True), (False, False)):
        text = _comment(plan, rows, picture=picture, reasons=reasons)
        if len(text) <= MAX_CHARACTERS:
            return text
    while rows and len(text) > MAX_CHARACTERS:
        rows //= 2
        text = _comment(plan, rows, picture=False, reasons=False)
    return text


def escape(text: str) -> str:
    """The text as nothing but text, also inside a table cell."""
    return "".join(_HTML.get(c) or _PINGS.get(c) or (f"\\{c}" if c in "\\`*_[]|~$!" else c) for c in one_line(text))


def _comment(plan: Plan, rows: int, *, picture: bool, reasons: bool) -> str:
    lines = [f"### {escape(headline(plan))}", ""]
    lines += _warnings(plan) + _no_return(plan)
    lines += _table(plan, rows, reasons=reasons)
    lines += [
        f"**Critical path** ({duration(plan.lower_bound)}): {_chain(plan.critical_path)}  ",
        f"**Expected**: {duration(plan.makespan)}{_beyond(plan)}  ",
        f"**Blast radius**: {_blast_radius(plan)}  ",
        f"**Rollback**, in this order: {_chain(plan.rollback_order)}",
        "",
    ]
    if picture and len(plan.batches) > 1:
        lines += ["<details><summary>Picture</summary>", "", "```mermaid", as_mermaid(plan).rstrip("\n"), "```", ""]
        lines += ["</details>", ""]
    lines += _certificate(plan)
    lines += [f"<sub>Digest <code>{escape(plan.digest)}</code>: a run of this plan is pinned to it.</sub>"]
    return "\n".join(lines) + "\n"


def _warnings(plan: Plan) -> list[str]:
    if not plan.warnings:
        return []
    shown = [f"> - {escape(warning)}" for warning in plan.warnings[:MOST_SENTENCES]]
    return ["> [!WARNING]", *shown, *_more(len(plan.warnings), "> - and {} more"), ""]


def _no_return(plan: Plan) -> list[str]:
    if not plan.points_of_no_return:
        return []
    shown = [
        f"> - **{escape(point.component)}** (batch {escape(point.batch)}): {escape(point.reason)}"
        for point in plan.points_of_no_return[:MOST_SENTENCES]
    ]
    return [
        "> [!CAUTION]",
        f"> {count(len(plan.points_of_no_return), 'point')} of no return: once touched, a failure freezes the rollout "
        "and asks a person.",
        *shown,
        *_more(len(plan.points_of_no_return), "> - and {} more"),
        "",
    ]


def _more(number: int, words: str) -> list[str]:
    return [words.format(number - MOST_SENTENCES)] if number > MOST_SENTENCES else []


def _table(plan: Plan, rows: int, *, reasons: bool) -> list[str]:
    why: defaultdict[str, list[str]] = defaultdict(list)
    if reasons:
        for batch in plan.batches:
            why[batch.name] += inner_reasons(plan, batch.name) if len(batch.changes) > 1 else ()
        for edge in edges_of(plan):
            why[edge.dependent] += edge.reasons
    columns = ["#", "batch", "change", "takes", "waits for", *(["why"] if reasons else [])]
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join(['---:', *['---'] * (len(columns) - 1)])}|"]
    for number, batch in enumerate(plan.batches[:rows], 1):
        cells = [
            str(number),
            _name(plan, batch),
            "<br>".join(_changes(batch)),
            duration(batch.expected_seconds),
            ", ".join(map(escape, batch.requires)) or "nothing",
        ]
        if reasons:
            cells.append("<br>".join(map(escape, dict.fromkeys(why[batch.name]))))
        lines.append(f"| {' | '.join(cells)} |")
    if rows < len(plan.batches):
        left = count(len(plan.batches) - rows, "more batch", "more batches")
        lines += ["", f"And {left}: a comment has no room for them; the text format shows all."]
    elif not reasons:
        lines += ["", "A comment has no room for the reasons; the text format shows them."]
    return [*lines, ""]


def _name(plan: Plan, batch: Batch) -> str:
    notes = [*(["critical path"] if batch.name in plan.critical_path else []), *marks(batch)]
    return f"**{escape(batch.name)}**" + "".join(f"<br><sub>{note}</sub>" for note in notes)


def _changes(batch: Batch) -> list[str]:
    if batch.components == (batch.name,):
        return [escape(change_words(batch.changes[0]))]
    return [f"{escape(change.component)}: {escape(change_words(change))}" for change in batch.changes]


def _chain(names: tuple[str, ...]) -> str:
    shown = [escape(name) for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        shown.append(f"… ({len(names) - MOST_NAMES} more)")
    return " → ".join(shown) or "nothing"


def _beyond(plan: Plan) -> str:
    return "" if plan.makespan > plan.lower_bound else ", which is the critical path: no order is faster"


def _blast_radius(plan: Plan) -> str:
    radius = plan.blast_radius
    if not radius.affected:
        return "nobody but the components that change"
    groups = (
        ("fail if they fail", [one for one in radius.affected if one.hard]),
        ("would serve less", [one for one in radius.affected if not one.hard]),
    )
    said = "; ".join(f"{words}: {_affected(found)}" for words, found in groups if found)
    return f"weight {radius.weight:g}, {radius.changed:g} of it in the components that change. {said}"


def _affected(found: list[Affected]) -> str:
    shown = [escape(one.component) + ("" if one.distance == 1 else f" ({one.distance} away)") for one in found]
    more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
    return ", ".join(shown[:MOST_NAMES]) + more


def _certificate(plan: Plan) -> list[str]:
    lines = [f"<details><summary>Certificate: {escape(certificate_line(plan))}</summary>", ""]
    per_batch: defaultdict[str, list[bool]] = defaultdict(list)
    for cell in plan.certificate:
        per_batch[cell.when].append(cell.ok)
    if per_batch:
        lines += ["| when | combinations | proven |", "|---|---:|---:|"]
        shown = list(per_batch.items())
        lines += [f"| {escape(when)} | {len(found)} | {sum(found)} |" for when, found in shown[: 2 * MOST_NAMES]]
        if len(shown) > 2 * MOST_NAMES:
            lines += ["", f"And {len(shown) - 2 * MOST_NAMES} more."]
        lines.append("")
    lines += [f"- **not proven**: {escape(_cell(cell))}" for cell in _unproven(plan)[:MOST_SENTENCES]]
    return [*lines, "The JSON format lists every line with its evidence.", "", "</details>", ""]


def _unproven(plan: Plan) -> list[Cell]:
    return [cell for cell in plan.certificate if not cell.ok]


def _cell(cell: Cell) -> str:
    return (
        f"{cell.when}: {cell.consumer} {cell.consumer_version or '(absent)'} with {cell.provider} "
        f"{cell.provider_version or '(absent)'} on {cell.interface}: {cell.evidence}"
    )
