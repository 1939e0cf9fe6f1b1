"""What to do about the errors of the models, in words. Kept apart from the code that finds their places."""

from __future__ import annotations

from convoy.manifest.models.base import INTERFACE_PATTERN, NAME_PATTERN

PATTERNS = {
    NAME_PATTERN: ("a lower-case name", "lower-case letters, digits and dashes, at most 63, no dash at either end"),
    INTERFACE_PATTERN: ("the name of an interface", "letters, digits, dots, dashes, slashes and underscores"),
    r"^https?://": ("an address", "start it with https://"),
    r"^https?://[^@]*$": ("an address without credentials", "start it with https://, and use connection for a login"),
    r"^/": ("a path", "start it with /"),
    r"^\d+s$": ("a time in seconds", "write it like 10s"),
}
"""For each pattern of the models: what it stands for, and how to write it."""

KUBERNETES_HABITS = {
    "metadata": "manifests are flat: name and labels stand beside kind",
    "spec": "manifests are flat: the fields stand beside kind",
}
"""Keys that people bring along from Kubernetes."""

SHORTHANDS = {
    "Dependency": "the name of a component, or a mapping",
    "Requirement": "a range, or a mapping",
    "Incompatibility": "a range, or a mapping",
    "VersionScheme": "semver, pep440, calver, integer, or a mapping with names",
}
"""Models that may be written as one word."""

TRUTH = {
    "yes": "write true",
    "on": "write true",
    "true": "remove the quotes",
    "no": "write false",
    "off": "write false",
    "false": "remove the quotes",
}
"""What people write for true and false."""

_RULES = (
    ("depends on itself", "delete it"),
    ("nothing would change", "give the version that is wanted, or leave the component out"),
    ("give either environment", "keep one of them; the environment local exists without a manifest"),
    ("twice", "delete one of them"),
    ("the same name", "rename one of them"),
    ("are both 0", "raise one of them"),
    ("first step of a canary", "start with setWeight, for example 10"),
    ("weights of a canary", "raise the weight at each step"),
    ("has exactly one of", "keep one of them, or make them two"),
    ("either query", "keep one of them"),
    ("failureLimit must be", "raise count, or lower failureLimit"),
    ("needs baselineQuery", "add the query whose value is the baseline"),
    ("needs maxIncrease", "add one of them"),
    ("needs min", "add one of them"),
    ("is greater than", "swap them"),
    ("must be a version", "write it like 1.4.2; a number or text"),
    ("whole number of replicas", "write it like 2 or 25%"),
    ("percentage is at most", "lower it"),
    ("give either scheme", "keep one of them"),
    ("names is empty", "or leave it out, and give a scheme"),
    ("migrates needs writes", "add writes"),
    ("give writes, reads", "say what this version writes and what it can read"),
    ("accepted needs by", "add by and reason; or use verified or refuted, if it was tested"),
    ("must be a number", "remove the quotes, or give a number"),
)


def hint_for(message: str) -> str:
    """What to do about a rule of the models that is not kept; empty for a message that says so itself."""
    return next((hint for words, hint in _RULES if words in message), "")
