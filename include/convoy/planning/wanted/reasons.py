"""Why each component of a change set has to change, and why not to a nearer version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convoy.planning.errors import PlanError
from convoy.planning.planner import make_plan
from convoy.planning.wanted.choices import Candidate, Choice, Choices
from convoy.planning.wanted.violations import Violation, violations

NEARER = 3
"""Of how many nearer versions it is said why they would not do."""


@dataclass(frozen=True)
class Needed:
    """One change and the reason for it as a sentence, with ``file:line:col``.

    ``because_of`` names the component of this set that makes it needed; None: it was asked for. ``nearer`` says why
    nearer versions would not do."""

    component: str
    from_version: str | None
    to_version: str
    reason: str
    location: str = ""
    because_of: str | None = None
    nearer: tuple[str, ...] = ()

    @property
    def asked_for(self) -> bool:
        """Whether it was wanted from the start."""
        return self.because_of is None


def reasons(choices: Choices, choice: Choice) -> tuple[Needed, ...]:
    """The wanted components, then the others in the order in which one makes the next needed.

    Each round takes the violations of what was explained so far: only other components of the set put them right."""
    found = [_asked_for(choices, name) for name in choices.wanted]
    explained: dict[str, Candidate] = {}
    while len(explained) < len(choice):
        because = _next(choices, choice, explained)
        if not because:
            raise AssertionError("a least change set without a reason for one of its changes")
        found += [_needed(choices, choice, choice[name], violation) for name, violation in because.items()]
        explained |= {name: choice[name] for name in because}
    return tuple(found)


def _next(choices: Choices, choice: Choice, explained: Mapping[str, Candidate]) -> dict[str, Violation]:
    """What has to change because of the changes that are explained, each with the first violation that says so."""
    because: dict[str, Violation] = {}
    for violation in violations(choices, choices.at(explained)):
        helping = sorted(c.component for c in violation.options if choice.get(c.component) == c)
        if helping and because.keys().isdisjoint(helping):
            because[helping[0]] = violation
    return because


def _needed(choices: Choices, choice: Choice, candidate: Candidate, violation: Violation) -> Needed:
    components = choices.contracts.components
    name, version = candidate.component, str(candidate.release.version)
    cause = next((other for other in violation.between if other != name), choices.wanted[0])
    because = "" if cause in choices.wanted else f", because of {cause}"
    verb = "go back" if candidate.backward else "go"
    return Needed(
        name,
        components[name].from_version,
        version,
        f"{name} has to {verb} to {version}{because}: {violation.complaint}",
        violation.location,
        cause,
        _nearer(choices, choice, candidate),
    )


def _asked_for(choices: Choices, name: str) -> Needed:
    component = choices.contracts.components[name]
    to_version = str(component.to_version)
    return Needed(name, component.from_version, to_version, f"{name} {to_version} is wanted", component.location)


def _nearer(choices: Choices, choice: Choice, candidate: Candidate) -> tuple[str, ...]:
    """What is wrong with nearer versions beside the other changes."""
    name = candidate.component
    found: list[str] = []
    for other in choices.candidates[name]:
        if other.cost >= candidate.cost or len(found) == NEARER:
            break
        contracts = choices.at({**choice, name: other})
        wrong = violations(choices, contracts)
        if wrong:
            why = wrong[0].complaint
        else:
            try:
                make_plan(contracts)
            except PlanError as error:
                why = error.diagnostics[0].message
            else:
                continue
        found.append(f"{name} {other.release.version} would not do: {why}")
    return tuple(found)
