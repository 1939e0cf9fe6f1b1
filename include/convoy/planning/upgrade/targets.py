"""Other targets than the ones that a rollout names: further along the same components."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from convoy.manifest.diagnostics import did_you_mean
from convoy.planning.contracts import ComponentContract, Contracts


def toward(contracts: Contracts, wanted: Iterable[str]) -> Contracts:
    """The same change set with other targets. Each is ``component=version``, or a bare version: then it is meant for
    every changing component that has declared it. Raises ValueError for what nothing has declared, and where
    nothing is left to change."""
    chosen: dict[str, str] = {}
    for text in wanted:
        name, equals, version = text.rpartition("=")
        if not equals:
            found = [n for n in contracts.changing if version in _versions(contracts.components[n])]
            if not found:
                known = {v for n in contracts.changing for v in _versions(contracts.components[n])}
                raise ValueError(
                    f"no changing component has declared {version}. {did_you_mean(version, known)}".rstrip()
                )
            chosen |= dict.fromkeys(found, version)
        elif name not in contracts.changing:
            hint = did_you_mean(name, contracts.changing, otherwise="Name one that the rollout changes")
            raise ValueError(f"{name!r} does not change in {contracts.rollout}. {hint}")
        elif version not in _versions(contracts.components[name]):
            hint = did_you_mean(version, _versions(contracts.components[name]))
            raise ValueError(f"{name} has not declared {version}. {hint}".rstrip())
        else:
            chosen[name] = version
    components = {
        name: _at(component, chosen[name]) if name in chosen else component
        for name, component in contracts.components.items()
    }
    moved = replace(contracts, components=components)
    if not moved.changing:
        raise ValueError(f"nothing changes in {contracts.rollout}: every component is where it should go")
    return moved


def _versions(component: ComponentContract) -> list[str]:
    return [release.version for release in component.releases if release.version is not None]


def _at(component: ComponentContract, version: str) -> ComponentContract:
    """A component with another target; it does not change if that is live."""
    if version == component.from_version:
        others = [r for r in (component.target, *component.alternatives) if r is not None]
        return replace(component, target=None, alternatives=tuple(others), after=())
    target = next(release for release in component.releases if release.version == version)
    others = [r for r in component.releases if r not in (component.current, target)]
    return replace(component, target=target, alternatives=tuple(others))
