"""Which single verification would change what: every unknown pair of versions that decides something is tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from convoy.planning.arcs import Analysis, analyse
from convoy.planning.contracts import Contracts, Verification
from convoy.planning.errors import PlanError
from convoy.planning.graph import reachable
from convoy.planning.hints.kinds import NOTE, VERIFICATION, Hint, duration
from convoy.planning.hints.trial import Trial, rehearse
from convoy.planning.links import INTERFACE, Link, release

PAIRS = 50
"""How many unknown pairs are tried at most."""
WORK = 25_000
"""Large rollouts try fewer: pairs times components stay below this."""
LEAST = 5


@dataclass(frozen=True)
class Unknown:
    """A pair of versions of which nothing is known, on a link where the rollout would bring it about."""

    link: Link
    consumer_version: str
    provider_version: str
    where: str

    @property
    def pair(self) -> tuple[str, str, str, str]:
        """Consumer, its version, provider, its version."""
        return self.link.consumer.name, self.consumer_version, self.link.provider.name, self.provider_version

    @property
    def record(self) -> Verification:
        """The record that would be needed."""
        return Verification(*self.pair, result="verified")


def verification_hints(contracts: Contracts) -> tuple[Hint, ...]:
    """What each single verification would bring, the most useful first. O(pairs x edges), with a bound."""
    analysis = analyse(contracts)
    pairs: dict[tuple[str, str, str, str], Unknown] = {}
    for unknown in _unknown(analysis):
        pairs.setdefault(unknown.pair, unknown)
    if not pairs:
        return ()
    before = _attempt(contracts, analysis)
    bound = max(LEAST, min(PAIRS, WORK // len(contracts.components)))
    tried = [_try(contracts, before, unknown) for unknown in list(pairs.values())[:bound]]
    found = sorted(filter(None, tried), key=lambda hint: (not hint.makes_possible, -hint.saves, hint.about))
    if len(pairs) > bound:
        found.append(Hint(NOTE, (), f"of {len(pairs)} unknown pairs of versions only the first {bound} were tried"))
    return tuple(found)


def _unknown(analysis: Analysis) -> Iterator[Unknown]:
    """Pairs that a record can decide: where both versions are known. Those that forbid any plan come first."""
    for cells in (_in_the_end, _on_the_way):
        for link in analysis.links:
            if link.kind != INTERFACE:
                continue
            for cell in cells(link):
                needs, offers = release(link.consumer, cell[0]), release(link.provider, cell[1])
                if needs is None or offers is None or needs.version is None or offers.version is None:
                    continue
                if link.answer(*cell).ok is None:
                    yield Unknown(link, needs.version, offers.version, link.where(cell[0]))


def _in_the_end(link: Link) -> tuple[tuple[int, int], ...]:
    return ((int(link.consumer.changes), int(link.provider.changes)),)


def _on_the_way(link: Link) -> tuple[tuple[int, int], ...]:
    return ((1, 0), (0, 1)) if link.consumer.changes and link.provider.changes else ()


def _attempt(contracts: Contracts, analysis: Analysis) -> Trial | int:
    """The plan, or the number of problems."""
    try:
        return rehearse(contracts, analysis)
    except PlanError as error:
        return len(error.diagnostics)


def _try(contracts: Contracts, before: Trial | int, unknown: Unknown) -> Hint | None:
    verified = replace(contracts, verifications=(*contracts.verifications, unknown.record))
    after = _attempt(verified, analyse(verified))
    consumer, consumer_version, provider, provider_version = unknown.pair
    what = f"verifying {consumer} {consumer_version} with {provider} {provider_version}"
    if isinstance(before, int):
        if not isinstance(after, int):
            return Hint(VERIFICATION, unknown.pair, f"{what} would make the rollout possible", unknown.where, 0.0, True)
        if after >= before:
            return None
        effect = f"would take away {before - after} of {before} problems; the others remain"
        return Hint(VERIFICATION, unknown.pair, f"{what} {effect}", unknown.where)
    if isinstance(after, int):
        return None  # A record takes no order away, but it may leave two declared batches waiting for each other.
    saves = before.makespan - after.makespan
    changed = _change(before, after, consumer, provider)
    if changed is None and saves <= 0:
        return None
    effect = changed or "would make the rollout faster"
    if saves > 0:
        effect += f" (saves {duration(saves)})"
    elif saves < 0:
        effect += f" (takes {duration(-saves)} longer)"
    return Hint(VERIFICATION, unknown.pair, f"{what} {effect}", unknown.where, saves)


def _change(before: Trial, after: Trial, one: str, other: str) -> str | None:
    """What becomes of the order of two components, or of the batch that they are in; None: nothing."""
    old, new = before.ordered.group_of(), after.ordered.group_of()
    if old[one] != old[other]:
        if _waits(before, old[one], old[other]) and not _waits(after, new[one], new[other]):
            return f"would let {other} and {one} move in any order"
        return None
    batch = before.ordered.groups[old[one]]
    if not batch.lockstep:
        return None
    parts = sorted({new[member] for member in batch.members})
    locked = [name for name in parts if after.ordered.groups[name].lockstep]
    if len(parts) > 1:
        if not locked:
            return f"would break up the lockstep batch {batch.name}"
        return f"would make the lockstep batch {batch.name} smaller"
    return None if locked else f"would spare batch {batch.name} from switching in one moment"


def _waits(trial: Trial, one: str, other: str) -> bool:
    """Whether one of two groups has to wait for the other, directly or through others."""
    requires = trial.ordered.requires
    return one != other and (other in reachable(requires, [one]) or one in reachable(requires, [other]))
