"""A plan as a picture that needs nothing: one SVG file, legible on light and on dark pages, with tooltips.

Columns are levels: everything in one column could be changed at the same time as far as arcs go. There is no script and
no link in it; text is escaped; sizes scale with ``viewBox``.
"""

from __future__ import annotations

import unicodedata
from math import ceil
from xml.sax.saxutils import escape, quoteattr

from convoy.planning.arcs import CONTRACT, START_ORDER, WISH
from convoy.planning.formats.edges import Edge, edges_of, inner_reasons
from convoy.planning.formats.layout import Layout, place
from convoy.planning.plan import Batch, Plan
from convoy.planning.words import change_lines, duration, headline, marks, one_line

NARROWEST, WIDEST = 176.0, 340.0
"""Boxes are as wide as the widest line of all asks for, within these bounds."""
COLUMN_GAP = 84.0
ROW_GAP = 22.0
MARGIN = 28.0
TITLE = 46.0
LEGEND = 44.0
LINE = 17.0
PADDING = 12.0
MOST_CHANGES = 5
NAME_SIZE, TEXT_SIZE = 13.0, 11.5
GLYPH = 0.62
"""Width of a monospaced character, as a share of the font's size; the widest of the fonts named below."""

FONTS = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
SHAPES = f"""
  text {{ font-family: {FONTS}; }}
  .title {{ font-size: 15px; font-weight: 600; }}
  .name {{ font-size: 13px; font-weight: 600; }}
  .change, .legend, .soft, .mark {{ font-size: 11.5px; }}
  .box {{ stroke-width: 1.2; }}
  .box.critical, .box.lockstep {{ stroke-width: 2.4; }}
  .box.lockstep {{ stroke-dasharray: 7 3; }}
  .box.gone {{ stroke-width: 2.8; stroke-dasharray: none; }}
  .arc {{ fill: none; stroke-width: 1.4; }}
  .arc.start-order {{ stroke-dasharray: 6 4; }}
  .arc.wish {{ stroke-dasharray: 1.5 4; stroke-linecap: round; }}
  .arc.critical {{ stroke-width: 2.6; }}
  .hit {{ fill: none; stroke: transparent; stroke-width: 11; }}"""
COLOURS = """
  text {{ fill: {ink}; }}
  .soft {{ fill: {soft}; }}
  .mark {{ fill: {lockstep}; }}
  .mark.gone {{ fill: {gone}; }}
  .page {{ fill: {page}; }}
  .box {{ fill: {box}; stroke: {line}; }}
  .arc {{ stroke: {line}; }}
  .box.critical, .arc.critical {{ stroke: {critical}; }}
  .box.lockstep {{ stroke: {lockstep}; }}
  .box.gone {{ stroke: {gone}; }}
  .tip {{ fill: {line}; }}
  .tip.critical {{ fill: {critical}; }}"""
LIGHT = {
    "page": "#ffffff",
    "ink": "#1f2328",
    "soft": "#59636e",
    "box": "#f6f8fa",
    "line": "#818b98",
    "critical": "#0969da",
    "lockstep": "#9a6700",
    "gone": "#cf222e",
}
DARK = {
    "page": "#0d1117",
    "ink": "#f0f6fc",
    "soft": "#9198a1",
    "box": "#161b22",
    "line": "#656c76",
    "critical": "#4493f8",
    "lockstep": "#d29922",
    "gone": "#f85149",
}
# Plain colours instead of CSS variables: the tools that turn SVG into other formats know no variables.
STYLE = f"{SHAPES}{COLOURS.format(**LIGHT)}\n  @media (prefers-color-scheme: dark) {{{COLOURS.format(**DARK)}\n  }}\n"


def as_svg(plan: Plan) -> str:
    """The plan as an SVG document."""
    heights = {batch.name: _height(batch) for batch in plan.batches}
    layout = place({batch.name: batch.requires for batch in plan.batches}, heights, ROW_GAP)
    words = _fit(headline(plan), 120)
    box = _box_width(plan)
    content = layout.columns * (box + COLUMN_GAP) - COLUMN_GAP if layout.columns else 0.0
    width = max(content, _text_width(words, 15.0), 640.0) + 2 * MARGIN
    height = TITLE + layout.height + LEGEND + 2 * MARGIN
    left = (width - content) / 2
    edges = edges_of(plan)
    # What is special comes last, so that it lies on top.
    drawn = [_curve(edge, layout, left, box) for edge in sorted(edges, key=lambda edge: edge.critical)]
    boxes = [_box(plan, batch, number, layout, left, box) for number, batch in enumerate(plan.batches, 1)]
    return (
        "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
                f'height="{height:.0f}" role="img" aria-labelledby="title">',
                f'<title id="title">{_text(headline(plan))}</title>',
                f"<style>{STYLE}</style>",
                f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>',
                f'<text class="title" x="{MARGIN:.0f}" y="{MARGIN + 12:.0f}">{_text(words)}</text>',
                *(part for one in drawn for part in one),
                *(part for one in boxes for part in one),
                *_legend(height - MARGIN),
                "</svg>",
            ]
        )
        + "\n"
    )


def _box_width(plan: Plan) -> float:
    wanted = NARROWEST
    for number, batch in enumerate(plan.batches, 1):
        for kind, words in _lines(batch):
            shown, size = (f"{number}  {words}", NAME_SIZE) if kind == "name" else (words, TEXT_SIZE)
            wanted = max(wanted, _text_width(one_line(shown), size) + 2 * PADDING + 1)
    return min(float(ceil(wanted)), WIDEST)


def _height(batch: Batch) -> float:
    return 2 * PADDING + LINE * len(_lines(batch)) - 4


def _lines(batch: Batch) -> list[tuple[str, str]]:
    """The lines of a box but for its name's number, each with its class."""
    changes = change_lines(batch)
    if len(changes) > MOST_CHANGES:
        changes = [*changes[: MOST_CHANGES - 1], f"and {len(changes) - MOST_CHANGES + 1} more"]
    lines = [("name", batch.name), *(("change", change) for change in changes)]
    lines.append(("soft", duration(batch.expected_seconds)))
    return lines + [("mark gone" if mark.startswith("point") else "mark", mark) for mark in marks(batch)]


def _box(plan: Plan, batch: Batch, number: int, layout: Layout, left: float, width: float) -> list[str]:
    height = _height(batch)
    x, y = left + layout.column[batch.name] * (width + COLUMN_GAP), _top(layout, batch.name) - height / 2
    kinds = [
        kind
        for kind, holds in (
            ("critical", batch.name in plan.critical_path),
            ("lockstep", batch.lockstep),
            ("gone", not batch.reversible),
        )
        if holds
    ]
    inner = width - 2 * PADDING
    parts = [
        f"<g><title>{_text(_tooltip(plan, batch))}</title>",
        f'<rect class={quoteattr(" ".join(["box", *kinds]))} x="{x:.1f}" y="{y:.1f}" width="{width:.0f}" '
        f'height="{height:.1f}" rx="7"/>',
    ]
    for index, (kind, words) in enumerate(_lines(batch)):
        size = NAME_SIZE if kind == "name" else TEXT_SIZE
        shown = _fit(f"{number}  {words}" if kind == "name" else words, int(inner / (size * GLYPH)))
        at = y + PADDING + LINE * index + 10
        parts.append(f'<text class="{kind}" x="{x + PADDING:.1f}" y="{at:.1f}">{_text(shown)}</text>')
    return [*parts, "</g>"]


def _tooltip(plan: Plan, batch: Batch) -> str:
    lines = [f"{batch.name}: {duration(batch.expected_seconds)}", *change_lines(batch), *marks(batch)]
    if len(batch.changes) > 1:
        lines += inner_reasons(plan, batch.name)
    lines += [point.reason for point in plan.points_of_no_return if point.batch == batch.name]
    if batch.acceptance:
        lines.append(f"accepted when {batch.acceptance}")
    return "\n".join(one_line(line) for line in lines)


def _curve(edge: Edge, layout: Layout, left: float, width: float) -> list[str]:
    """From the right side of what moves first to the left side of what waits for it, past the boxes between."""
    step = width + COLUMN_GAP
    start, end = layout.column[edge.requirement], layout.column[edge.dependent]
    x, y = left + start * step + width, _top(layout, edge.requirement)
    path = [f"M{x:.1f},{y:.1f}"]
    for index, height in enumerate(layout.via[edge.requirement, edge.dependent], start + 1):
        at, over = left + index * step, height + TITLE + MARGIN
        path.append(f"{_bend(x, y, at, over)} H{at + width:.1f}")
        x, y = at + width, over
    to_x, to_y = left + end * step, _top(layout, edge.dependent)
    path.append(_bend(x, y, to_x - 7, to_y))
    line, kinds = " ".join(path), [edge.kind if edge.kind in (CONTRACT, START_ORDER, WISH) else WISH]
    critical = ["critical"] if edge.critical else []
    why = "\n".join(map(one_line, edge.reasons)) or f"{edge.requirement} before {edge.dependent}"
    return [
        f"<g><title>{_text(why)}</title>",
        f'<path class="{" ".join(["arc", *kinds, *critical])}" d="{line}"/>',
        f'<path class="hit" d="{line}"/>',
        f'<path class="{" ".join(["tip", *critical])}" d="M{to_x:.1f},{to_y:.1f} l-9,-4.5 v9 z"/>',
        "</g>",
    ]


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"


def _top(layout: Layout, name: str) -> float:
    return layout.y[name] + TITLE + MARGIN


def _legend(y: float) -> list[str]:
    parts, x = [], MARGIN
    samples = (
        ("arc critical", "critical path"),
        ("arc", "contract"),
        ("arc start-order", "start order"),
        ("arc wish", "by wish"),
    )
    for kind, words in samples:
        parts.append(f'<path class="{kind}" d="M{x:.0f},{y - 4:.0f} h34"/>')
        parts.append(f'<text class="legend" x="{x + 42:.0f}" y="{y:.0f}">{words}</text>')
        x += 42 + _text_width(words, TEXT_SIZE) + 26
    return parts


def _text(text: str) -> str:
    """Escaped, without what XML does not allow; line breaks stay, for tooltips."""
    return escape("".join(c if c.isprintable() or c == "\n" else " " for c in text))


def _fit(text: str, most: int) -> str:
    """As much of the text as fits into so many narrow characters; wide ones count twice."""
    text = one_line(text)
    if _columns(text) <= most:
        return text
    kept = ""
    for c in text:
        if _columns(kept + c) > most - 1:
            break
        kept += c
    return kept.rstrip() + "…"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _text_width(text: str, size: float) -> float:
    return _columns(text) * size * GLYPH
