"""Why a change set cannot be made safe by any order, and what would help."""

from __future__ import annotations

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.compatibility import title
from convoy.planning.contracts import ComponentContract, Release
from convoy.planning.errors import problem
from convoy.planning.links import Link

SWITCH_AT_ONCE = "use `strategy: {type: recreate}` or `{type: blueGreen}`"


def obstacles(link: Link) -> list[Diagnostic]:
    """What is wrong with a link at the end of the change, or while its only mover changes."""
    if link.loops:
        return _self_problems(link)
    if link.consumer.changes and link.provider.changes:
        return _ends_problems(link)
    return _one_sided_problems(link)


def _ends_problems(link: Link) -> list[Diagnostic]:
    if link.holds(1, 1):
        return []
    answer = link.answer(1, 1)
    return [
        problem(
            f"the wanted versions do not fit together: {answer.complaint}",
            _fitting(link, link.consumer, link.provider) or "choose versions of the two that fit",
            link.where(1),
        )
    ]


def _one_sided_problems(link: Link) -> list[Diagnostic]:
    mover, other = (link.consumer, link.provider) if link.consumer.changes else (link.provider, link.consumer)
    cell = int(link.consumer.changes), int(link.provider.changes)
    if link.holds(*cell):
        return []
    answer = link.answer(*cell)
    if answer.ok is None and other.current is not None and other.current.version is None:
        hint = f"declare which version of {other.name} is live, under `versions` of the environment"
    else:
        hint = _fitting(link, link.consumer, link.provider) or f"{other.name} has to change too: add it to the rollout"
    return [problem(f"{mover.name} cannot change alone: {answer.complaint}", hint, link.where(cell[0]))]


def _fitting(link: Link, consumer: ComponentContract, provider: ComponentContract) -> str:
    """Which declared version of either end would do, if there is one."""
    state, others = int(consumer.changes), int(provider.changes)
    offering = [r for r in provider.alternatives if Link(consumer, _at(provider, r), link.interface).holds(state, 1)]
    needing = [r for r in consumer.alternatives if Link(_at(consumer, r), provider, link.interface).holds(1, others)]
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
    name = link.consumer.name
    if not link.holds(1, 1):
        message = f"{name} does not work with itself: {link.answer(1, 1).complaint}"
        return [problem(message, "correct the range", link.where(1))]
    mixed = [] if link.consumer.switches_at_once else [(1, 0), (0, 1)]
    return [
        problem(
            f"old and new replicas of {name} cannot serve together: {link.answer(*cell).complaint}",
            SWITCH_AT_ONCE,
            link.where(cell[0]),
        )
        for cell in mixed
        if not link.holds(*cell)
    ]


def cannot_coexist(component: ComponentContract) -> list[Diagnostic]:
    """A component that would have to serve beside the version that it cannot serve beside."""
    if component.target is None or component.target.coexists or component.switches_at_once:
        return []
    return [
        problem(
            f"{title(component.name, component.target)} cannot serve beside the version before (coexists: false), "
            f"and its strategy is {component.strategy}",
            SWITCH_AT_ONCE,
            component.location,
        )
    ]
