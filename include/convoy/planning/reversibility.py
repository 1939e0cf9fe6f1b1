"""Points of no return: changes after which the old version cannot come back.

A version can say so (``reversible: false``), and data says so by itself: once a version of a format has been written
that the old version of a reader cannot read, that reader cannot go back, and so neither can what wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable

from convoy.planning.compatibility import title
from convoy.planning.contracts import Contracts
from convoy.planning.links import DATA_LINK, Link


def irreversible(contracts: Contracts, links: Iterable[Link]) -> dict[str, str]:
    """The changing components that are points of no return, each with the reason as a sentence."""
    reasons: dict[str, str] = {}
    for name in contracts.changing:
        component = contracts.components[name]
        if component.target is not None and not component.target.reversible:
            reasons[name] = f"{title(name, component.target)} is declared as `reversible: false`"
    for link in links:
        if link.kind != DATA_LINK or not (link.provider.changes and link.consumer.changes):
            continue
        writing, before = link.provider.target, link.provider.current
        written = writing.data.get(link.subject) if writing else None
        unchanged = before.data.get(link.subject) if before else None
        if written is None or (unchanged is not None and unchanged.writes == written.writes):
            continue
        answer = link.judge(link.consumer.current, writing)
        if not answer.holds:
            reasons.setdefault(
                link.provider.name, f"{answer.complaint}: what is written then, the old version cannot read"
            )
    return reasons
