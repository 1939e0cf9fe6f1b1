"""Why there is no plan.

Errors::

    PlanError   carries every problem that was found, sorted by place
"""

from __future__ import annotations

from collections.abc import Iterable

from convoy.manifest.diagnostics import Diagnostic, in_order


def problem(message: str, hint: str = "", location: str = "", code: str = "plan") -> Diagnostic:
    """A diagnostic of the planner. ``location`` is ``file:line:col``, or empty where nothing was written down."""
    parts = location.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        file, line, column = parts[0], int(parts[1]), int(parts[2])
    else:
        file, line, column = location, 0, 0
    return Diagnostic(file=file, line=line, column=column, severity="error", code=code, message=message, hint=hint)


def first_place(locations: Iterable[str]) -> str:
    """The first of some places by file, line and column; empty if there is none."""
    known = in_order(problem("", location=location) for location in locations if location)
    return known[0].location if known else ""


class PlanError(Exception):
    """No plan can be proven. ``diagnostics`` says what is wrong, where, why, and what to do, for every problem."""

    def __init__(self, problems: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = in_order(problems)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))
