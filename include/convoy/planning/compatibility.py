"""Does this consumer work with that provider? Three answers: yes, no, unknown; and unknown counts as no."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from convoy.manifest.versions import in_interface_range
from convoy.planning.contracts import Release


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


def title(component: str, release: Release | None) -> str:
    """A component at a version, as sentences name it."""
    if release is None or release.version is None:
        return component
    return f"{component} {release.version}"


def ok(consumer: str, consuming: Release | None, provider: str, providing: Release | None, interface: str) -> Answer:
    """Whether the consumer's release works with the provider's, as far as this interface goes.

    A release of None is a component that does not exist (yet): it consumes nothing and provides nothing."""
    who, whom = title(consumer, consuming), title(provider, providing)
    if consuming is None:
        return Answer(True, f"{consumer} does not exist yet")
    if interface in consuming.uncertain_consumes:
        return Answer(
            None,
            f"unknown: the live version of {consumer} is not declared, and its versions do not agree on {interface}",
            f"{consumer}, whose live version is not declared, may need {interface}",
            f"{whom} offers {providing.provides.get(interface, 'none') if providing else 'none'}",
        )
    requirement = consuming.consumes.get(interface)
    if requirement is None:
        return Answer(True, f"{who} requires no {interface}")
    if requirement.provider not in (None, provider):
        return Answer(True, f"{who} takes {interface} from {requirement.provider}")
    need = f"{who} needs {interface} {requirement.range}"
    if providing is None:
        return _absent(requirement.optional, who, interface, need, f"{provider} does not exist yet")
    if interface in providing.uncertain_provides:
        return Answer(
            None,
            f"unknown: the live version of {provider} is not declared, and its versions do not agree on {interface}",
            need,
            f"which version of it {provider} offers is unknown, because its live version is not declared",
        )
    offered = providing.provides.get(interface)
    if offered is None:
        return _absent(requirement.optional, who, interface, need, f"{whom} does not provide it")
    inside = _inside(requirement.range, offered)
    if inside is None:
        return Answer(
            None,
            f"unknown: {offered} or {requirement.range} is not a version or range",
            need,
            f"{whom} offers {offered}",
        )
    evidence = f"declared: {need}, {whom} offers {offered}"
    return Answer(inside, evidence, need, f"{whom} offers {offered}")


def _absent(optional: bool, who: str, interface: str, need: str, offer: str) -> Answer:
    if optional:
        return Answer(True, f"declared: {who} works without {interface}, and {offer}")
    return Answer(False, f"declared: {need}, {offer}", need, offer)


@lru_cache(maxsize=65536)
def _inside(text: str, version: str) -> bool | None:
    try:
        return in_interface_range(text, version)
    except ValueError:
        return None
