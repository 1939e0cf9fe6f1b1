"""A note on ranges that are not monotone: of a later release both ends should be at least those of an earlier one.

Where all ranges are, raising whatever is too old leads to the least upgrade; where one is not, going forward can make
a fitting neighbour unfitting and fitting again, and a way has to be searched for. It is no error.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from convoy.manifest.diagnostics import Diagnostic
from convoy.manifest.versions import parse_range, scheme_of
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.errors import problem
from convoy.planning.releases import VERIFIED


def not_monotone(contracts: Contracts) -> tuple[Diagnostic, ...]:
    """A note for each range whose ends do not grow with the version of the component that changes."""
    notes: list[Diagnostic] = []
    for name in contracts.changing:
        component = contracts.components[name]
        for earlier, later in pairwise(_by_version(component)):
            for interface, requirement in sorted(later.consumes.items()):
                before = earlier.consumes.get(interface)
                if before is None or VERIFIED in (before.range, requirement.range):
                    continue
                scheme = contracts.schemes.get(interface, "semver")
                ends = _ends(before.range, scheme), _ends(requirement.range, scheme)
                if ends[0] is None or ends[1] is None or _grows(ends[0], ends[1]):
                    continue
                message = (
                    f"{name} {later.version} needs {interface} {requirement.range}, and {earlier.version} before it "
                    f"{before.range}: the range does not grow"
                )
                hint = "nothing is wrong if this is meant; where ranges only grow, ways are found faster"
                found = problem(message, hint, requirement.location or component.location, code="not-monotone")
                notes.append(Diagnostic(**{**found.to_dict(), "severity": "warning"}))
    return tuple(notes)


def _by_version(component: ComponentContract) -> list[Release]:
    try:
        scheme = scheme_of(component.scheme)
        found = {r.version: r for r in component.releases if r.version is not None}
        return [release for _, release in sorted((scheme.parse(str(v)).key, release) for v, release in found.items())]
    except ValueError:
        return []


def _ends(text: str, spec: Any) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None] | None:
    """The lower and the upper end of a range, None for no bound; None where it cannot be read."""
    try:
        intervals = parse_range(text, scheme_of(spec)).intervals
    except ValueError:
        return None
    lows = [interval.low for interval in intervals]
    highs = [interval.high for interval in intervals]
    return (
        None if None in lows else min(low for low in lows if low is not None),
        None if None in highs else max(high for high in highs if high is not None),
    )


def _grows(
    before: tuple[tuple[Any, ...] | None, tuple[Any, ...] | None],
    after: tuple[tuple[Any, ...] | None, tuple[Any, ...] | None],
) -> bool:
    low = before[0] is None or (after[0] is not None and after[0] >= before[0])
    high = after[1] is None or (before[1] is not None and after[1] >= before[1])
    return low and high
