"""Requirements that no version of any component could meet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from convoy.planning.contracts import ComponentContract, Contracts, Release, Requirement

Unmet = dict[tuple[str, "str | None"], list[tuple[str, Requirement]]]
"""For a component and a version of it, interfaces with what it requires of them."""


def without_unmet(contracts: Contracts) -> tuple[Contracts, Unmet]:
    """The contracts without requirements of an interface that nobody provides in any version, and those requirements.

    A release that has one can be live already, but nothing can move to it."""
    offered = {
        interface
        for component in contracts.components.values()
        for release in component.releases
        for interface in (*release.provides, *release.uncertain_provides)
    }
    unmet: Unmet = defaultdict(list)
    components: dict[str, ComponentContract] = {}

    def met(name: str, release: Release) -> Release:
        missing = {
            interface: requirement
            for interface, requirement in release.consumes.items()
            if interface not in offered and requirement.provider is None
        }
        unmet[name, release.version] = [(i, r) for i, r in sorted(missing.items()) if not r.optional]
        if not missing:
            return release
        return replace(release, consumes={i: r for i, r in release.consumes.items() if i not in missing})

    for name, component in contracts.components.items():
        components[name] = replace(
            component,
            current=component.current and met(name, component.current),
            target=component.target and met(name, component.target),
            alternatives=tuple(met(name, release) for release in component.alternatives),
        )
    return replace(contracts, components=components), {key: found for key, found in unmet.items() if found}
