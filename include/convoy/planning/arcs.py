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
from convoy.planning.compatibility import Answer, title
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.errors import problem
from convoy.planning.links import Link, touched_links
from convoy.planning.plan import Arc

CONTRACT, START_ORDER, WISH = "contract", "start-order", "wish"
UNKNOWN = "(unknown counts as no)"


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
        if link.loops:
            problems += _self_problems(link)
        elif link.consumer.changes and link.provider.changes:
            arcs += _contract_arcs(link)
            problems += _ends_problems(link)
        else:
            problems += _one_sided_problems(link)
        warnings += _repair_warnings(link)
    problems += [found for name in contracts.changing for found in _coexistence(contracts.components[name])]
    joined = {(link.consumer.name, link.provider.name) for link in links}
    required, optional = _start_order(contracts, joined)
    return Analysis(tuple(links), (*arcs, *required), optional, tuple(warnings), tuple(problems))


def _contract_arcs(link: Link) -> list[Arc]:
    consumer, provider = link.consumer.name, link.provider.name
    arcs = []
    for first, second, answer in (
        (provider, consumer, link.answer(1, 0)),
        (consumer, provider, link.answer(0, 1)),
    ):
        if not answer.holds:
            reason = f"{first} before {second}: {because(answer)}"
            arcs.append(Arc(second, first, CONTRACT, reason, link.location))
    return arcs


def because(answer: Answer) -> str:
    """Why an answer is not yes, as the second half of a sentence."""
    sentence = f"{answer.need}, {answer.offer}"
    return f"{sentence} {UNKNOWN}" if answer.ok is None else sentence


def _ends_problems(link: Link) -> list[Diagnostic]:
    answer = link.answer(1, 1)
    if answer.holds:
        return []
    return [
        problem(
            f"the wanted versions do not fit together: {because(answer)}",
            _fitting(link, link.consumer, link.provider) or "choose versions of the two that fit",
            link.location,
        )
    ]


def _one_sided_problems(link: Link) -> list[Diagnostic]:
    mover, other = (link.consumer, link.provider) if link.consumer.changes else (link.provider, link.consumer)
    answer = link.answer(int(link.consumer.changes), int(link.provider.changes))
    if answer.holds:
        return []
    if answer.ok is None and other.current is not None and other.current.version is None:
        hint = f"declare which version of {other.name} is live, under `versions` of the environment"
    else:
        hint = _fitting(link, link.consumer, link.provider) or f"{other.name} has to change too: add it to the rollout"
    return [problem(f"{mover.name} cannot change alone: {because(answer)}", hint, link.location)]


def _fitting(link: Link, consumer: ComponentContract, provider: ComponentContract) -> str:
    """Which declared version of either end would do, if there is one."""
    state, others = int(consumer.changes), int(provider.changes)
    offering = [
        r for r in provider.alternatives if Link(consumer, _at(provider, r), link.interface).answer(state, 1).holds
    ]
    needing = [
        r for r in consumer.alternatives if Link(_at(consumer, r), provider, link.interface).answer(1, others).holds
    ]
    found = []
    for component, fitting in ((provider, offering), (consumer, needing)):
        if fitting:
            verb = "take" if component.changes else "change it too, to"
            found.append(f"{component.name}: {verb} {' or '.join(str(r.version) for r in fitting)}")
    return "versions that fit: " + "; ".join(found) if found else ""


def _at(component: ComponentContract, target: Release) -> ComponentContract:
    return ComponentContract(name=component.name, current=component.current, target=target)


def _self_problems(link: Link) -> list[Diagnostic]:
    """A component that consumes what it provides: old and new replicas are each other's consumers and providers."""
    component = link.consumer
    cells = [(1, 1)] if component.switches_at_once else [(1, 1), (1, 0), (0, 1)]
    for cell in cells:
        answer = link.answer(*cell)
        if not answer.holds:
            return [
                problem(
                    f"old and new replicas of {component.name} cannot serve together: {because(answer)}"
                    if cell != (1, 1)
                    else f"{component.name} does not work with itself: {because(answer)}",
                    "use `strategy: {type: recreate}` or `{type: blueGreen}`"
                    if cell != (1, 1)
                    else "correct the range",
                    link.location,
                )
            ]
    return []


def _coexistence(component: ComponentContract) -> list[Diagnostic]:
    if component.target is None or component.target.coexists or component.switches_at_once:
        return []
    return [
        problem(
            f"{title(component.name, component.target)} cannot serve beside the version before (coexists: false), "
            f"and its strategy is {component.strategy}",
            "use `strategy: {type: recreate}` or `{type: blueGreen}`",
            component.location,
        )
    ]


def _repair_warnings(link: Link) -> list[str]:
    """What does not fit today; the change may be the repair."""
    today = link.answer(0, 0)
    return [] if today.holds else [f"already today: {because(today)}"]


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
