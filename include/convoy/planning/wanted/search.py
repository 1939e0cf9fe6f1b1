"""The search for the least change set: as few components as possible, then the nearest versions.

Choosing versions under arbitrary ranges is NP-complete, so the search is exhaustive with a budget. It deepens by the
number of other components that change; at each number it branches over the components that could put the first
violation right, and over their versions, and prunes by what is decided already.

A choice without violations has an order, or it has none and neither has any larger one with the same versions: more
changes add arcs and take none away. So the search never has to go beyond such a choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.errors import PlanError, problem
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.wanted.choices import Candidate, Choices
from convoy.planning.wanted.violations import Violation, violations
from convoy.planning.wanted.ways import total, ways_out

BUDGET = 5000
"""How many choices are looked at before the search gives up."""
SHOWN = 10
"""How many requirements are named that stand in the way."""


class GaveUp(PlanError):
    """The budget is spent. No change set with at most ``at_most`` other components exists; of larger ones nothing is
    known."""

    def __init__(self, looked_at: int, at_most: int) -> None:
        self.looked_at, self.at_most = looked_at, at_most
        known = (
            "the wanted versions alone are not safe"
            if at_most == 0
            else f"no set with at most {at_most} others is safe"
        )
        if at_most < 0:
            known = "nothing is known yet"
        message = f"gave up after {looked_at} choices of versions: {known}; a larger set may be"
        hint = "want some of the other changes too, by name and version, or look at more choices"
        super().__init__([problem(message, hint, "", "want")])


@dataclass(frozen=True)
class Found:
    """A safe choice with its plan. ``nearest``: it is proven that no set of this size has nearer versions."""

    choice: Mapping[str, Candidate]
    plan: Plan
    nearest: bool = True


class _Spent(Exception):
    """The budget is spent."""


_Node = tuple[dict[str, Candidate], frozenset[str]]
"""A choice, and the components that were tried on another branch and stay here."""
_Key = frozenset[tuple[str, str]]


@dataclass
class _Search:
    """The state of the search at one depth. ``seen`` outlives the depths: a choice is looked at once."""

    choices: Choices
    budget: int
    limit: int = 0
    deeper: bool = False
    best: Found | None = None
    best_cost: tuple[int, int] = (0, 0)
    seen: dict[_Key, list[Violation]] = field(default_factory=dict)
    blocking: dict[Diagnostic, int] = field(default_factory=dict)

    def run(self) -> None:
        """Look at every choice with at most ``limit`` other components that may be the best."""
        self.deeper, self.blocking = False, {}
        # A stack of its own: how deep choices go is not bounded by the call stack.
        pending: list[Iterator[_Node]] = [iter([({}, frozenset())])]
        while pending:
            node = next(pending[-1], None)
            if node is None:
                pending.pop()
            else:
                pending.append(self._extensions(*node))

    def _extensions(self, chosen: dict[str, Candidate], stays: frozenset[str]) -> Iterator[_Node]:
        cost = total(chosen.values())
        if self._too_dear(cost):
            return
        found = self._look(chosen)
        if not found:
            try:
                self.best, self.best_cost = Found(dict(chosen), make_plan(self.choices.at(chosen))), cost
            except PlanError as error:
                self._blocked(error.diagnostics, len(chosen))
            return
        ways = ways_out(found, stays)
        least = (cost[0] + ways.cost[0], cost[1] + ways.cost[1])
        if ways.final:
            self._blocked([d for violation in ways.final for d in violation.diagnostics], len(chosen))
        elif len(chosen) + ways.at_least > self.limit:
            self.deeper = True
        elif ways.forced:
            if not self._too_dear(least):
                yield {**chosen, **ways.forced}, stays
        else:
            if len(ways.guess) > 1:
                yield {**chosen, **ways.guess}, stays
            for candidates in ways.branches:
                for candidate in candidates:
                    if self._too_dear(least):
                        return
                    yield {**chosen, candidate.component: candidate}, stays
                stays |= {candidates[0].component}

    def _too_dear(self, cost: tuple[int, int]) -> bool:
        """Whether something as good was found already."""
        return self.best is not None and cost >= self.best_cost

    def _look(self, chosen: dict[str, Candidate]) -> list[Violation]:
        key = frozenset(candidate.key for candidate in chosen.values())
        if key not in self.seen:
            if len(self.seen) >= self.budget:
                raise _Spent
            self.seen[key] = violations(self.choices, self.choices.at(chosen))
        return self.seen[key]

    def _blocked(self, diagnostics: Iterable[Diagnostic], depth: int) -> None:
        for diagnostic in diagnostics:
            self.blocking[diagnostic] = min(depth, self.blocking.get(diagnostic, depth))


def search(choices: Choices, budget: int = BUDGET) -> Found:
    """The least safe choice. Raises PlanError where there is none, GaveUp where the budget does not suffice."""
    state = _Search(choices, budget)
    try:
        for limit in range(len(choices.candidates) + 1):
            state.limit = limit
            state.run()
            if state.best is not None:
                return state.best
            if not state.deeper:
                break
    except _Spent:
        if state.best is not None:
            return replace(state.best, nearest=False)
        raise GaveUp(len(state.seen), state.limit - 1) from None
    raise PlanError(_none_exists(state))


def _none_exists(state: _Search) -> list[Diagnostic]:
    components = state.choices.contracts.components
    wanted = ", ".join(f"{name} {components[name].to_version}" for name in state.choices.wanted)
    nearest = sorted(state.blocking, key=lambda d: (state.blocking[d], d.file, d.line, d.column, d.message))
    more = len(nearest) - SHOWN
    hint = "these requirements stand in the way" + (f"; {more} more are not shown" if more > 0 else "")
    return [problem(f"no set of changes makes {wanted} safe", hint, "", "want"), *nearest[:SHOWN]]
