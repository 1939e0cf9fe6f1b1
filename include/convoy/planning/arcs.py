"""From cells to arcs: which component has to move before which, and why.

For a link whose two ends change, the two mixed cells decide:

=================  =================  ===================================================
new c with old p   old c with new p   arcs (``u => v``: u new implies v new, v moves first)
=================  =================  ===================================================
ok                 ok                 none
not                ok                 ``c => p``: provider first
ok                 not                ``p => c``: consumer first
not                not                both: lockstep
=================  =================  ===================================================

A ``dependsOn`` without a contract on the same edge is a start order: provider first. If it is not required, it is a
wish that gives way as soon as it would close a cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.contracts import Contracts
from convoy.planning.feasibility import cannot_coexist, cannot_follow, obstacles
from convoy.planning.links import INTERFACE, KEPT, LEFT, Link
from convoy.planning.older_formats import older_formats
from convoy.planning.plan import Arc
from convoy.planning.touched import touched_links

CONTRACT, START_ORDER, WISH = "contract", "start-order", "wish"


@dataclass(frozen=True)
class Analysis:
    """What the contracts say. ``arcs`` are binding; ``optional`` ones are start orders that may give way.

    ``problems`` are reasons why no order at all is safe."""

    links: tuple[Link, ...]
    arcs: tuple[Arc, ...]
    optional: tuple[Arc, ...]
    warnings: tuple[str, ...]
    problems: tuple[Diagnostic, ...]


def analyse(contracts: Contracts) -> Analysis:
    """The arcs of a change set, with every reason why there can be no plan. O(edges)."""
    links, problems = touched_links(contracts)
    arcs: list[Arc] = []
    warnings: list[str] = []
    for link in links:
        if link.consumer.changes and link.provider.changes and not link.loops:
            arcs += _contract_arcs(link)
        problems += obstacles(link)
        if link.kind not in (KEPT, LEFT) and not link.holds(0, 0):
            # The change may be the repair.
            warnings.append(f"already today: {link.answer(0, 0).complaint}")
        if link.only_at_start and not link.judge(link.consumer.current, link.provider.target).holds:
            warnings.append(
                f"{link.judge(link.consumer.current, link.provider.target).complaint}: it runs on, "
                "and would not start again"
            )
    warnings += older_formats(links)
    for name in contracts.changing:
        component = contracts.components[name]
        problems += [*cannot_coexist(component, contracts.facts), *cannot_follow(component, contracts.facts)]
    # Only an interface says what a start order says too: which of the two the other needs to run.
    joined = {(link.consumer.name, link.provider.name) for link in links if link.kind == INTERFACE}
    required, optional = _start_order(contracts, joined)
    return Analysis(tuple(links), (*arcs, *required), optional, tuple(warnings), tuple(problems))


def _contract_arcs(link: Link) -> list[Arc]:
    consumer, provider = link.consumer.name, link.provider.name
    arcs = []
    for first, second, cell in ((provider, consumer, (1, 0)), (consumer, provider, (0, 1))):
        if not link.holds(*cell):
            reason = f"{first} before {second}: {link.answer(*cell).complaint}"
            arcs.append(Arc(second, first, CONTRACT, reason, link.where(cell[0])))
    return arcs


def _start_order(contracts: Contracts, joined: set[tuple[str, str]]) -> tuple[tuple[Arc, ...], tuple[Arc, ...]]:
    required: dict[tuple[str, str], Arc] = {}
    optional: dict[tuple[str, str], Arc] = {}
    for name in contracts.changing:
        for dependency in contracts.components[name].depends_on:
            edge = (name, dependency.name)
            other = contracts.components.get(dependency.name)
            if other is None or not other.changes or edge in joined or dependency.name == name:
                continue
            if dependency.required:
                reason = f"{dependency.name} before {name}: {name} depends on {dependency.name}"
                required.setdefault(edge, Arc(name, dependency.name, START_ORDER, reason, dependency.location))
            else:
                reason = f"{dependency.name} before {name}: {name} uses {dependency.name} when it is there"
                optional.setdefault(edge, Arc(name, dependency.name, WISH, reason, dependency.location))
    return tuple(required.values()), tuple(arc for edge, arc in optional.items() if edge not in required)
