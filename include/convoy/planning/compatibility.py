"""Does this consumer work with that provider? Three answers: yes, no, unknown; and unknown counts as no.

What is declared decides, and where nothing is declared, a verification record. (A pair that a test has refuted is an
exclusion of its own, whatever was declared: see ``exclusions``.)
"""

from __future__ import annotations

from dataclasses import dataclass

from convoy.planning.facts import NO_FACTS, Facts, Verification
from convoy.planning.releases import VERIFIED, Release, Requirement

UNKNOWN = "(unknown counts as no)"


@dataclass(frozen=True)
class Answer:
    """``ok`` is None where nothing is known. ``evidence`` says where the answer comes from, for the certificate;
    ``need`` and ``offer`` are the two halves of a sentence about an answer that is not yes."""

    ok: bool | None
    evidence: str
    need: str = ""
    offer: str = ""

    @property
    def holds(self) -> bool:
        """Whether the two may meet. Fails closed."""
        return self.ok is True

    @property
    def complaint(self) -> str:
        """Why the answer is not yes, as the second half of a sentence."""
        sentence = f"{self.need}, {self.offer}" if self.offer else self.need
        return f"{sentence} {UNKNOWN}" if self.ok is None else sentence


def title(component: str, release: Release | None) -> str:
    """A component at a version, as sentences name it."""
    if release is None or release.version is None:
        return component
    return f"{component} {release.version}"


def undeclared(release: Release) -> str:
    """Why something is unknown of a release."""
    if release.version is None:
        return "its live version is not declared"
    return f"{release.version} is not among its declared versions"


def record_of(
    facts: Facts, consumer: str, consuming: Release | None, provider: str, providing: Release | None
) -> Verification | None:
    """What was recorded about this very pair of versions."""
    if not facts.records or consuming is None or providing is None:
        return None
    return facts.records.get((consumer, consuming.version, provider, providing.version))


def fits(
    consumer: str,
    consuming: Release | None,
    provider: str,
    providing: Release | None,
    interface: str,
    facts: Facts = NO_FACTS,
) -> bool | None:
    """Whether the consumer's release works with the provider's, as far as this interface goes; None: unknown.

    A release of None is a component that does not exist (yet): it consumes nothing and provides nothing."""
    declared = _declared(consuming, provider, providing, interface, facts)
    if declared is None and facts.records:
        record = record_of(facts, consumer, consuming, provider, providing)
        return {"verified": True, "accepted": True, "refuted": False}.get(record.result) if record else None
    return declared


def _declared(
    consuming: Release | None, provider: str, providing: Release | None, interface: str, facts: Facts
) -> bool | None:
    """What the manifests say."""
    if consuming is None:
        return True
    if interface in consuming.uncertain_consumes:
        return None
    requirement = consuming.consumes.get(interface)
    if requirement is None or requirement.provider not in (None, provider):
        return True
    if providing is None:
        return requirement.optional
    if interface in providing.uncertain_provides:
        return None
    offered = providing.provides.get(interface)
    if offered is None:
        return requirement.optional
    return None if requirement.range == VERIFIED else facts.inside(interface, requirement.range, offered)


def ok(
    consumer: str,
    consuming: Release | None,
    provider: str,
    providing: Release | None,
    interface: str,
    facts: Facts = NO_FACTS,
) -> Answer:
    """The answer of :func:`fits` with the words for it."""
    answer = fits(consumer, consuming, provider, providing, interface, facts)
    who, whom = title(consumer, consuming), title(provider, providing)
    if consuming is None:
        return Answer(answer, f"{consumer} does not exist yet")
    requirement = consuming.consumes.get(interface)
    record = record_of(facts, consumer, consuming, provider, providing)
    if interface in consuming.uncertain_consumes:
        need = f"which {interface} {consumer} needs is unknown, because {undeclared(consuming)}"
        return Answer(answer, f"unknown: {need}", need, f"{whom} offers {_offer(providing, interface)}")
    if requirement is None:
        return Answer(answer, f"{who} requires no {interface}")
    if requirement.provider not in (None, provider):
        return Answer(answer, f"{who} takes {interface} from {requirement.provider}")
    need = _need(who, interface, requirement)
    if record is not None and _declared(consuming, provider, providing, interface, facts) is None:
        return Answer(answer, f"record: {who} with {whom} {record.words}", f"{who} with {whom} was {record.words}")
    if providing is None:
        offer = f"{provider} does not exist yet"
    elif interface in providing.uncertain_provides:
        offer = f"what {provider} offers is unknown, because {undeclared(providing)}"
    elif interface not in providing.provides:
        offer = f"{whom} does not provide it"
    elif requirement.range == VERIFIED:
        offer = f"{whom} was not tested with it"
    else:
        offer = f"{whom} offers {_offer(providing, interface)}"
    if answer is None:
        return Answer(answer, f"unknown: {need}, {offer}", need, offer)
    optional = "" if providing is not None and interface in providing.provides else " if at all"
    return Answer(answer, f"declared: {need}{optional if answer else ''}, {offer}", need, offer)


def _need(who: str, interface: str, requirement: Requirement) -> str:
    if requirement.range == VERIFIED:
        return f"{who} needs a {interface} that it was verified with"
    return f"{who} needs {interface} {requirement.range}{' when it starts' if requirement.startup else ''}"


def _offer(providing: Release | None, interface: str) -> str:
    return providing.provides.get(interface, "none") if providing else "none"
