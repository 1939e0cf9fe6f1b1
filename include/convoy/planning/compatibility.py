"""Does this consumer work with that provider? Three answers: yes, no, unknown; and unknown counts as no."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from convoy.manifest.versions import in_interface_range
from convoy.planning.contracts import Release

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
        sentence = f"{self.need}, {self.offer}"
        return f"{sentence} {UNKNOWN}" if self.ok is None else sentence


def title(component: str, release: Release | None) -> str:
    """A component at a version, as sentences name it."""
    if release is None or release.version is None:
        return component
    return f"{component} {release.version}"


def fits(consuming: Release | None, provider: str, providing: Release | None, interface: str) -> bool | None:
    """Whether the consumer's release works with the provider's, as far as this interface goes; None: unknown.

    A release of None is a component that does not exist (yet): it consumes nothing and provides nothing."""
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
    return requirement.optional if offered is None else _inside(requirement.range, offered)


def ok(consumer: str, consuming: Release | None, provider: str, providing: Release | None, interface: str) -> Answer:
    """The answer of :func:`fits` with the words for it."""
    answer = fits(consuming, provider, providing, interface)
    who, whom = title(consumer, consuming), title(provider, providing)
    if consuming is None:
        return Answer(answer, f"{consumer} does not exist yet")
    if interface in consuming.uncertain_consumes:
        need = f"which {interface} {consumer} needs is unknown, because its live version is not declared"
        return Answer(answer, f"unknown: {need}", need, f"{whom} offers {_offer(providing, interface)}")
    requirement = consuming.consumes.get(interface)
    if requirement is None:
        return Answer(answer, f"{who} requires no {interface}")
    if requirement.provider not in (None, provider):
        return Answer(answer, f"{who} takes {interface} from {requirement.provider}")
    need = f"{who} needs {interface} {requirement.range}"
    if providing is None:
        offer = f"{provider} does not exist yet"
    elif interface in providing.uncertain_provides:
        offer = f"what {provider} offers is unknown, because its live version is not declared"
    elif interface in providing.provides:
        offer = f"{whom} offers {_offer(providing, interface)}"
    else:
        offer = f"{whom} does not provide it"
    if answer is None:
        return Answer(answer, f"unknown: {need}, {offer}", need, offer)
    optional = "" if providing is not None and interface in providing.provides else " if at all"
    return Answer(answer, f"declared: {need}{optional if answer else ''}, {offer}", need, offer)


def _offer(providing: Release | None, interface: str) -> str:
    return providing.provides.get(interface, "none") if providing else "none"


@lru_cache(maxsize=65536)
def _inside(text: str, version: str) -> bool | None:
    """None where either cannot be read: then nothing is known."""
    try:
        return in_interface_range(text, version)
    except ValueError:
        return None
