"""What joins two components, and the cells of it: every rule that can forbid two versions to meet is one kind of link.

Each side that changes has two states, 0 for the version that is live and 1 for the one that is wanted; a side that does
not change stays at 0. A cell is one pair. What the two ends are:

==============  ======================  ========================  =================================================
kind            consumer                provider                  a cell is ok if
==============  ======================  ========================  =================================================
``interface``   consumes it             provides it               the version provided lies in the range consumed
``data``        reads a format          writes it                 what is written can be read
``kept``        reads a format          writes it                 it reads what the other wrote before the change
``left``        reads a format          a migration of it         it reads what is left, or that is migrated by then
``migration``   writes a format         a migration of it         it does not write again what was migrated
``exclusion``   says so                 is excluded               the versions excluded are not there
``record``      consumer of a record    its provider              no test has refuted the pair
==============  ======================  ========================  =================================================
"""

from __future__ import annotations

from dataclasses import dataclass

from convoy.planning.compatibility import Answer, fits, ok, title
from convoy.planning.contracts import ComponentContract, DataContract, Incompatibility, Release, Requirement
from convoy.planning.data_compatibility import can_read, reads_what_is_left, would_write_again
from convoy.planning.exclusions import may_meet, not_refuted
from convoy.planning.facts import Facts

INTERFACE, DATA_LINK, KEPT, LEFT, MIGRATION, EXCLUSION, RECORD = (
    "interface",
    "data",
    "kept",
    "left",
    "migration",
    "exclusion",
    "record",
)


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``subject`` is the interface or the format of data. ``left`` is for the
    kinds ``kept`` and ``left``: versions of the format that were written before the change, each with who wrote it."""

    consumer: ComponentContract
    provider: ComponentContract
    subject: str
    facts: Facts
    kind: str = INTERFACE
    left: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """How the certificate names it."""
        if self.kind == INTERFACE:
            return self.subject
        return f"({self.kind})" if self.kind in (EXCLUSION, RECORD) else f"{self.subject} ({self.kind})"

    @property
    def loops(self) -> bool:
        """Whether it joins a component to itself: its old and new replicas are peers."""
        return self.consumer.name == self.provider.name

    def where(self, consumer_state: int) -> str:
        """Where the promise of the consumer in this state is written; else where the consumer is."""
        found = release(self.consumer, consumer_state)
        written: Requirement | Incompatibility | DataContract | None = None
        if found is not None and self.kind == INTERFACE:
            written = found.consumes.get(self.subject)
        elif found is not None and self.kind == EXCLUSION:
            written = found.incompatible.get(self.provider.name)
        elif found is not None and self.kind in (DATA_LINK, KEPT, LEFT, MIGRATION):
            written = found.data.get(self.subject)
        return written.location if written and written.location else self.consumer.location

    def answer(self, consumer_state: int, provider_state: int) -> Answer:
        """Whether the two work together in this cell."""
        needs, offers = release(self.consumer, consumer_state), release(self.provider, provider_state)
        if self.kind == KEPT and not consumer_state:
            return Answer(True, f"{title(self.consumer.name, needs)} is the version that was live before")
        found = self.judge(needs, offers, migrated=provider_state == 1)
        if not found.holds and self.only_at_start:
            return Answer(True, f"{found.evidence}; only when it starts, and this rollout does not start it")
        return found

    def holds(self, consumer_state: int, provider_state: int) -> bool:
        """Whether the two may meet in this cell; unknown counts as no. Cheaper than the whole answer."""
        if self.kind != INTERFACE or self.only_at_start:
            return self.answer(consumer_state, provider_state).holds
        needs, offers = release(self.consumer, consumer_state), release(self.provider, provider_state)
        return fits(self.consumer.name, needs, self.provider.name, offers, self.subject, self.facts) is True

    def judge(self, needs: Release | None, offers: Release | None, *, migrated: bool = False) -> Answer:
        """Whether two releases of the ends work together. ``migrated``: for links of kind ``left``, whether the
        migration is done by then."""
        consumer, provider, facts = self.consumer.name, self.provider.name, self.facts
        if self.kind == INTERFACE:
            return ok(consumer, needs, provider, offers, self.subject, facts)
        if self.kind == DATA_LINK:
            return can_read(consumer, needs, provider, offers, self.subject, facts)
        if self.kind == MIGRATION:
            return would_write_again(consumer, needs, provider, offers if migrated else None, self.subject, facts)
        if self.kind in (KEPT, LEFT):
            if migrated and self.kind == LEFT:
                return Answer(True, f"{title(provider, offers)} has migrated {self.subject}")
            return reads_what_is_left(consumer, needs, self.left, self.subject, facts)
        if self.kind == EXCLUSION:
            return may_meet(consumer, needs, provider, offers, facts)
        return not_refuted(consumer, needs, provider, offers, facts)

    @property
    def only_at_start(self) -> bool:
        """Whether the consumer needs the interface only when it starts, and is not started by this change set."""
        if self.kind != INTERFACE or self.consumer.changes or self.consumer.current is None:
            return False
        requirement = self.consumer.current.consumes.get(self.subject)
        return requirement is not None and requirement.startup


def release(component: ComponentContract, state: int) -> Release | None:
    """The release of a component in a state. None: it does not exist."""
    return component.target if state else component.current
