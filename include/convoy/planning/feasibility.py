"""Why a change set cannot be made safe by any order, and what would help."""

from __future__ import annotations

from dataclasses import replace

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.compatibility import Answer, title
from convoy.planning.contracts import ComponentContract, Release
from convoy.planning.errors import problem
from convoy.planning.facts import Facts
from convoy.planning.links import KEPT, Link

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
    if link.kind == KEPT:
        return [_kept(link, answer)]
    return [
        problem(
            f"the wanted versions do not fit together: {answer.complaint}",
            _fitting(link, link.consumer, link.provider) or "choose versions of the two that fit",
            link.where(1),
        )
    ]


def _kept(link: Link, answer: Answer) -> Diagnostic:
    return problem(
        f"{title(link.consumer.name, link.consumer.target)} could not read what is stored: {answer.complaint}",
        f"let it read both versions of {link.subject} for one rollout, or add a migration to this one: a component "
        f"with `data: {{{link.subject}: {{migrates: {link.left[0][0]}, writes: <new version>}}}}`",
        link.where(1),
    )


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
    offering = [r for r in provider.alternatives if replace(link, provider=_at(provider, r)).holds(state, 1)]
    needing = [r for r in consumer.alternatives if replace(link, consumer=_at(consumer, r)).holds(1, others)]
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
    if not link.holds(1, 1) and link.kind == KEPT:
        return [_kept(link, link.answer(1, 1))]
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


def coexistence(component: ComponentContract, facts: Facts) -> Answer:
    """Whether the wanted version can serve beside the one that is live."""
    target, current = component.target, component.current
    assert target is not None
    if isinstance(target.coexists, bool) or current is None:
        able = target.coexists is not False
        return Answer(able, f"declared: old and new replicas {'serve' if able else 'cannot serve'} side by side")
    able_with = facts.one_of(component.name, target.coexists, current.version)
    who, whom = title(component.name, target), current.version or "an unknown version"
    evidence = f"{who} serves beside {component.name} {target.coexists}, and {whom} is live"
    return Answer(able_with, f"{'unknown' if able_with is None else 'declared'}: {evidence}", evidence)


def cannot_coexist(component: ComponentContract, facts: Facts) -> list[Diagnostic]:
    """A component that would have to serve beside the version that it cannot serve beside."""
    if component.target is None or component.switches_at_once:
        return []
    if coexistence(component, facts).holds:
        return []
    said = f"coexists: {str(component.target.coexists).lower()}"
    return [
        problem(
            f"{title(component.name, component.target)} cannot serve beside the version before ({said}), "
            f"and its strategy is {component.strategy}",
            SWITCH_AT_ONCE,
            component.location,
        )
    ]


def cannot_follow(component: ComponentContract, facts: Facts) -> list[Diagnostic]:
    """A component whose wanted version cannot be reached from the live one in one step."""
    target, current = component.target, component.current
    if target is None or current is None:
        return []
    if (
        not current.reversible
        and facts.one_of(component.name, f"<{current.version}", target.version, forbidden=True) is not False
    ):
        return [
            problem(
                f"{title(component.name, current)} is live, and there is no way back from it (reversible: false) to "
                f"{target.version}",
                "choose a later version",
                component.location,
            )
        ]
    if target.upgrades_from is None:
        return []
    if facts.one_of(component.name, target.upgrades_from, current.version):
        return []
    live = current.version or "an unknown version"
    return [
        problem(
            f"{title(component.name, target)} can only follow {target.upgrades_from}, and {live} is live",
            "go there in several hops: `convoy upgrade` finds them",
            target.location or component.location,
        )
    ]
