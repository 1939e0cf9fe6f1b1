"""Which versions a moving component can have on its way, and in which direction it may go."""

from __future__ import annotations

from typing import Any

from convoy.manifest.versions import scheme_of
from convoy.planning.contracts import ComponentContract, Release
from convoy.planning.upgrade.space import Mover


def mover_of(component: ComponentContract) -> Mover:
    """A changing component with every release that it could have on its way, in the order of their versions.

    Without a detour it stays between the version that is live and the one that is wanted, and only goes the way from
    one to the other. On a detour it may go anywhere that the releases themselves allow."""
    assert component.target is not None
    others = {r.version: r for r in (component.target, *component.alternatives) if r.version != component.from_version}
    ranked = [(_rank(component, release), release) for release in others.values()]
    # Versions that cannot be read stand at the end, by their texts.
    ranked.sort(key=lambda pair: (pair[0] is None, pair[0] or (), str(pair[1].version)))
    releases = (component.current, *(release for _, release in ranked))
    ranks = [_rank(component, component.current), *(rank for rank, _ in ranked)]
    target = next(i for i, r in enumerate(releases) if i and r and r.version == component.to_version)
    count = len(releases)
    return Mover(
        name=component.name,
        releases=releases,
        target=target,
        switches=component.switches_at_once if component.current is not None else _switches(component),
        stops=component.strategy == "recreate",
        onward=tuple(tuple(b for b in range(1, count) if _onward(ranks, a, b, target)) for a in range(count)),
        anywhere=tuple(tuple(b for b in range(count) if b != a and releases[b] is not None) for a in range(count)),
    )


def _switches(component: ComponentContract) -> bool:
    """Whether the strategy switches in one moment, once the component exists."""
    return ComponentContract(component.name, component.target, strategy=component.strategy).switches_at_once


def _rank(component: ComponentContract, release: Release | None) -> tuple[Any, ...] | None:
    if release is None or release.version is None:
        return None
    try:
        return scheme_of(component.scheme).parse(release.version).key
    except ValueError:
        return None


def _onward(ranks: list[tuple[Any, ...] | None], a: int, b: int, target: int) -> bool:
    """Whether going from ``a`` to ``b`` is on the way from the first release to the target."""
    here, there, goal, origin = ranks[a], ranks[b], ranks[target], ranks[0]
    if a in (b, target):
        return False
    if a == 0 and b == target:
        return True
    if there is None or goal is None:
        return False
    if here is None:
        # Nothing is there yet, or nobody knows what: then anything up to the target.
        return a == 0 and there <= goal
    if origin is None or origin <= goal:
        return here < there <= goal
    return here > there >= goal
