"""Effective settings: which value counts, and where it comes from. The most specific wins:

    built-in < system defaults < environment defaults < rollout defaults < the component itself < one version of it

``gates`` count per ``health`` and per ``metrics``, each as a whole; ``env`` is merged variable by variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from convoy.manifest.definitions import BUILT_IN, Catalog, Definition
from convoy.manifest.members import Member
from convoy.manifest.models import Component, Environment, Rollout, System
from convoy.manifest.models.gates import HealthGate, MetricGate
from convoy.manifest.models.strategy import Rolling, Strategy
from convoy.manifest.models.system import Defaults

T = TypeVar("T")


@dataclass(frozen=True)
class Sourced(Generic[T]):
    """A value, and where it comes from in words, with ``file:line:col``."""

    value: T
    origin: str = BUILT_IN


@dataclass(frozen=True)
class SourcedGates:
    """Gates; health and metrics may come from different places."""

    health: Sourced[HealthGate | None]
    metrics: Sourced[list[MetricGate]]


@dataclass(frozen=True)
class _Layer:
    """One place that may give a value; ``source`` is the model there, ``prefix`` leads to it."""

    title: str
    source: Component | Defaults | System
    definition: Definition
    prefix: tuple[str | int, ...]

    def origin(self, *path: str) -> str:
        return f"{self.title} ({self.definition.locate((*self.prefix, *path))})"


def owner_of(catalog: Catalog, rollout: str, member: Member, environment: str) -> Sourced[str | None]:
    """The team that answers for a component; at last that of its system."""
    return _first(catalog, rollout, member, environment, "owner", None)


def runbook_of(catalog: Catalog, rollout: str, member: Member, environment: str) -> Sourced[str | None]:
    """The address of a component's runbook."""
    return _first(catalog, rollout, member, environment, "runbook", None)


def strategy_of(catalog: Catalog, rollout: str, member: Member, environment: str) -> Sourced[Strategy]:
    """How a component moves; rolling where nobody says."""
    return _first(catalog, rollout, member, environment, "strategy", Rolling())


def gates_of(catalog: Catalog, rollout: str, member: Member, environment: str) -> SourcedGates:
    """What must hold after a component was deployed. ``health: null`` takes a default's health gate away."""
    health: Sourced[HealthGate | None] | None = None
    metrics: Sourced[list[MetricGate]] | None = None
    for layer in _layers(catalog, rollout, member, environment):
        gates = getattr(layer.source, "gates", None)
        if gates is None:
            continue
        if health is None and "health" in gates.model_fields_set:
            health = Sourced(gates.health, layer.origin("gates", "health"))
        if metrics is None and "metrics" in gates.model_fields_set:
            metrics = Sourced(gates.metrics, layer.origin("gates", "metrics"))
    return SourcedGates(health or Sourced(None), metrics or Sourced([]))


def env_defaults_of(catalog: Catalog, rollout: str, member: Member, environment: str) -> dict[str, Sourced[str]]:
    """The environment variables that defaults give to a component's process."""
    merged: dict[str, Sourced[str]] = {}
    for layer in reversed(list(_layers(catalog, rollout, member, environment))):
        if isinstance(layer.source, Defaults):
            merged |= {name: Sourced(value, layer.origin("env", name)) for name, value in layer.source.env.items()}
    return merged


def member_origin(member: Member, *path: str) -> str:
    """Where a component itself says something, in words."""
    return f"{_member_title(member)} ({member.locate(path)})"


def _member_title(member: Member) -> str:
    if member.inline:
        return f"rollout {member.definition.name}, component {member.component.name}"
    return f"component {member.component.name}"


def _layers(catalog: Catalog, rollout: str, member: Member, environment: str) -> Iterator[_Layer]:
    """From the most to the least specific."""
    yield _Layer(_member_title(member), member.component, member.definition, member.prefix)
    for kind, name in (("rollout", rollout), ("environment", environment), ("system", member.component.system)):
        if name is None or (kind.capitalize(), name) not in catalog.definitions:
            continue
        definition = catalog.definition(kind, name)
        model = definition.model
        if isinstance(model, (Rollout, Environment, System)):
            yield _Layer(f"{kind} {name}, defaults", model.defaults, definition, ("defaults",))
        if isinstance(model, System):
            yield _Layer(f"{kind} {name}", model, definition, ())


def _first(catalog: Catalog, rollout: str, member: Member, environment: str, field: str, built_in: Any) -> Sourced[Any]:
    for layer in _layers(catalog, rollout, member, environment):
        value = getattr(layer.source, field, None)
        if value is not None:
            return Sourced(value, layer.origin(field))
    return Sourced(built_in)
