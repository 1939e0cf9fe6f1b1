"""The components of a rollout: each from its own manifest, or from what the rollout says inline."""

from __future__ import annotations

from dataclasses import dataclass

from convoy.manifest.definitions import Catalog, Definition
from convoy.manifest.models import Change, Component, Rollout
from convoy.manifest.models.rollout import INLINE_FIELDS
from convoy.manifest.yaml_nodes import Path


@dataclass(frozen=True)
class Member:
    """One component of a rollout: its change, and what it is. ``prefix`` leads to it in the defining document."""

    change: Change
    component: Component
    definition: Definition
    prefix: tuple[str | int, ...] = ()

    @property
    def inline(self) -> bool:
        """Whether the rollout itself defines it."""
        return bool(self.prefix)

    def locate(self, path: Path = ()) -> str:
        """``file:line:col`` of a part of the component."""
        return self.definition.locate((*self.prefix, *path))


def inline_fields(change: Change) -> list[str]:
    """The fields of an inline component that a change has, by their names in Python."""
    return [name for name in INLINE_FIELDS if name in change.model_fields_set]


def members_of(catalog: Catalog, rollout: str) -> dict[str, Member]:
    """The components that a rollout changes, sorted by name. Raises KeyError for an unknown rollout."""
    definition = catalog.definition("Rollout", rollout)
    model = definition.model
    assert isinstance(model, Rollout)
    return {name: _member(catalog, definition, name, change) for name, change in sorted(model.components.items())}


def _member(catalog: Catalog, rollout: Definition, name: str, change: Change) -> Member:
    own = catalog.components.get(name)
    if own is not None:
        return Member(change, own, catalog.definition("Component", name))
    # The change was validated; validating its parts a second time could only repeat what was said.
    component = Component.model_construct(
        api_version="convoy/v1",
        kind="Component",
        name=name,
        depends_on=change.depends_on,
        workload=change.workload,
        strategy=change.strategy,
        gates=change.gates,
        provides=change.provides,
        consumes=change.consumes,
        data=change.data,
    )
    return Member(change, component, rollout, ("components", name))
