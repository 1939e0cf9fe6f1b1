"""What a cell of a link means over several versions: which requirement it breaks, and when it is not to blame."""

from __future__ import annotations

from convoy.planning.compatibility import Answer
from convoy.planning.links import DATA_LINK, EXCLUSION, INTERFACE, RECORD, Link
from convoy.planning.releases import Release
from convoy.planning.upgrade.constraints import EXCLUDES, RANGE, READS, Constraint
from convoy.planning.upgrade.constraints import RECORD as REFUTED


def never_provided(link: Link, needs: Release | None, before: Release | None, after: Release | None) -> bool:
    """Whether a provider that moves is none: it offers the interface neither before nor after, and nobody names it."""
    if link.kind != INTERFACE or needs is None:
        return False
    requirement = needs.consumes.get(link.subject)
    if requirement is not None and requirement.provider is not None:
        return False
    return not any(link.subject in (*r.provides, *r.uncertain_provides) for r in (before, after) if r is not None)


def needed_at_start_only(link: Link, needs: Release | None) -> bool:
    """Whether a consumer that runs does not mind what becomes of the provider."""
    requirement = needs.consumes.get(link.subject) if needs and link.kind == INTERFACE else None
    return requirement is not None and requirement.startup


def constraint_of(link: Link, needs: Release, offers: Release | None, answer: Answer) -> Constraint:
    """The requirement that a cell of a link breaks."""
    consumer, provider = link.consumer, link.provider
    if link.kind == EXCLUSION:
        excluded = needs.incompatible[provider.name]
        return Constraint(EXCLUDES, consumer.name, needs.version, provider.name, answer.need, excluded.location)
    if link.kind == RECORD:
        met = offers.version if offers else None
        record = link.facts.records[consumer.name, needs.version, provider.name, met]
        return Constraint(REFUTED, consumer.name, needs.version, f"{provider.name} {met}", answer.need, record.location)
    if link.kind == DATA_LINK:
        deal = needs.data.get(link.subject)
        location = deal.location if deal else consumer.location
        return Constraint(READS, consumer.name, needs.version, link.subject, answer.need, location)
    requirement = needs.consumes.get(link.subject)
    location = requirement.location if requirement else ""
    return Constraint(RANGE, consumer.name, needs.version, link.subject, answer.need, location or consumer.location)
