"""Which interface versions each component version offers, and which its consumers speak.

An interface version is the first segment of the path, ``/v2``. The manifests declare the same facts as ranges; a test
holds the two against each other by calling real services.
"""

from __future__ import annotations

from shop.identity import BadSetting

Version = tuple[int, ...]

# component: (interface version, offered since, offered until (excluded) or None). Others offer /v1, always.
OFFERS: dict[str, tuple[tuple[int, str, str | None], ...]] = {
    "ads": ((1, "1.0.0", "1.1.0"), (2, "1.0.0", None)),
    "catalog": ((1, "1.0.0", None), (2, "1.1.0", None)),
    "checkout": ((1, "1.0.0", None), (2, "1.1.0", None)),
    "payment": ((2, "1.0.0", "2.0.0"), (3, "1.1.0", None)),
    "recommendation": ((1, "1.0.0", None), (2, "1.2.0", None)),
}

# (consumer, provider): (consumer's version, interface version that it speaks from then on). Others speak /v1, always.
SPEAKS: dict[tuple[str, str], tuple[tuple[str, int], ...]] = {
    ("checkout", "payment"): (("1.0.0", 2), ("1.1.0", 3)),
    ("frontend", "ads"): (("1.0.0", 1), ("1.1.0", 2)),
    ("frontend", "checkout"): (("1.0.0", 1), ("1.1.0", 2)),
    ("frontend", "recommendation"): (("1.0.0", 1), ("1.2.0", 2)),
    ("recommendation", "catalog"): (("1.0.0", 1), ("1.2.0", 2)),
}


def parse_version(text: str) -> Version:
    """``1.10.2`` as a tuple that sorts. Raises BadSetting for anything but numbers and dots."""
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise BadSetting(f"CONVOY_VERSION is not a version like 1.2.0: {text!r}")
    return tuple(int(part) for part in parts)


def offered(component: str, version: str) -> frozenset[int]:
    """The interface versions that a component version answers."""
    at = parse_version(version)
    return frozenset(
        interface
        for interface, since, until in OFFERS.get(component, ((1, "0", None),))
        if parse_version(since) <= at and (until is None or at < parse_version(until))
    )


def spoken(consumer: str, version: str, provider: str) -> int:
    """The interface version in which a component version talks to a provider."""
    at = parse_version(version)
    speaks = SPEAKS.get((consumer, provider), (("0", 1),))
    return next((interface for since, interface in reversed(speaks) if parse_version(since) <= at), speaks[0][1])
