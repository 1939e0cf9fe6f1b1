"""A rollout in one environment with every setting decided, as plain JSON values, and where each comes from.

Keys are the models' field names in Python (``max_surge``), durations are seconds, folders are absolute.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from convoy.manifest.definitions import BUILT_IN, Catalog
from convoy.manifest.members import Member, members_of
from convoy.manifest.models import Environment, Rollout
from convoy.manifest.models.workload import ExternalWorkload, ProcessWorkload, WorkloadOverride, kubernetes_at
from convoy.manifest.settings import (
    Sourced,
    env_defaults_of,
    gates_of,
    member_origin,
    owner_of,
    runbook_of,
    strategy_of,
)

DEFAULT_EXPECTED_DURATION = 10.0
"""Seconds that a deployment is expected to take, without its gates, where the component does not say."""


@dataclass(frozen=True)
class ResolvedRollout:
    """What one rollout does in one environment.

    ``components`` maps each changing component to its settings: ``component``, ``from``, ``to``, ``system``, ``owner``,
    ``runbook``, ``depends_on``, ``strategy``, ``gates``, ``expected_duration``, ``workload`` (at the wanted version),
    ``from_workload`` (at the live one, if there is one), ``workloads`` (at every version that is declared or named) and
    ``provenance`` (in words, by setting). ``source`` is ``file:line:col`` of the rollout."""

    rollout: str
    environment: str
    source: str
    description: str | None
    owner: str | None
    rollback_scope: str
    on_failure: str
    max_parallel: int | None
    target: dict[str, Any]
    signals: dict[str, Any]
    components: dict[str, dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def resolve(catalog: Catalog, rollout: str, environment: str) -> ResolvedRollout:
    """Decide every setting of a rollout in an environment. Raises KeyError for unknown names."""
    definition = catalog.definition("Rollout", rollout)
    model, place = definition.model, catalog.environments[environment]
    assert isinstance(model, Rollout)
    limits = [limit for limit in (model.max_parallel, place.limits.max_parallel) if limit is not None]
    members = members_of(catalog, rollout)
    return ResolvedRollout(
        rollout=rollout,
        environment=environment,
        source=definition.locate(),
        description=model.description,
        owner=model.owner,
        rollback_scope=model.rollback_scope,
        on_failure=model.on_failure,
        max_parallel=min(limits, default=None),
        target=resolve_target(catalog, environment),
        signals=plain(place.signals),
        components={name: _component(catalog, rollout, name, members[name], environment) for name in members},
    )


def resolve_target(catalog: Catalog, environment: str) -> dict[str, Any]:
    """The target of an environment, with its folders absolute. Raises KeyError for an unknown environment."""
    definition = catalog.definition("Environment", environment)
    assert isinstance(definition.model, Environment)
    target: dict[str, Any] = plain(definition.model.target)
    for key in ("directory", "root"):
        if target.get(key) is not None:
            target[key] = _absolute(definition.file, target[key])
    return target


def _component(catalog: Catalog, rollout: str, name: str, member: Member, environment: str) -> dict[str, Any]:
    change, component = member.change, member.component
    place = (catalog, rollout, member, environment)
    strategy, gates = strategy_of(*place), gates_of(*place)
    owner, runbook = owner_of(*place), runbook_of(*place)
    env = env_defaults_of(*place)
    versions = dict.fromkeys(v for v in (change.from_version, change.to_version, *component.versions) if v is not None)
    workloads = {version: _workload(member, version, env) for version in versions}
    settings: dict[str, Any] = {
        "component": name,
        "from": change.from_version,
        "to": change.to_version,
        "system": component.system,
        "owner": owner.value,
        "runbook": runbook.value,
        "depends_on": plain(component.depends_on),
        "strategy": plain(strategy.value),
        "gates": {"health": plain(gates.health.value), "metrics": plain(gates.metrics.value)},
        "expected_duration": (
            DEFAULT_EXPECTED_DURATION if component.expected_duration is None else component.expected_duration
        ),
        "workload": workloads[change.to_version],
        "workloads": workloads,
        "provenance": {
            "owner": owner.origin,
            "runbook": runbook.origin,
            "strategy": strategy.origin,
            "gates.health": gates.health.origin,
            "gates.metrics": gates.metrics.origin,
            "expected_duration": (
                BUILT_IN if component.expected_duration is None else member_origin(member, "expectedDuration")
            ),
            **_workload_origins(member, change.to_version, env),
        },
    }
    if change.from_version is not None:
        settings["from_workload"] = workloads[change.from_version]
    return settings


def _workload(member: Member, version: str, env: Mapping[str, Sourced[str]]) -> dict[str, Any]:
    workload = member.component.workload
    override = _override(member, version)
    if isinstance(workload, ProcessWorkload):
        return {
            **plain(workload),
            "command": list(override.command or workload.command),
            "env": {**{name: found.value for name, found in env.items()}, **workload.env, **override.env},
            "directory": _absolute(member.definition.file, override.directory or workload.directory or "."),
        }
    if workload is not None and not isinstance(workload, ExternalWorkload):
        return dict(plain(kubernetes_at(workload, override)))
    external = workload or ExternalWorkload(kind="external")
    return {**plain(external), "parameters": plain({**external.parameters, **override.parameters})}


def _workload_origins(member: Member, version: str, env: Mapping[str, Sourced[str]]) -> dict[str, str]:
    """Where the workload at a version comes from: as a whole, and each part and variable that comes from elsewhere."""
    workload = member.component.workload
    if workload is None:
        return {"workload": BUILT_IN}
    origins = {"workload": member_origin(member, "workload")}
    override = _override(member, version)
    if isinstance(workload, ProcessWorkload):
        origins |= {f"workload.env.{name}": found.origin for name, found in env.items()}
        origins |= {f"workload.env.{name}": member_origin(member, "workload", "env", name) for name in workload.env}
    at = ("versions", version, "workload")
    for part in ("command", "directory", "template", "rollback", "suspend"):
        if getattr(override, part) is not None:
            origins[f"workload.{part}"] = member_origin(member, *at, part)
    merged = ("env", "parameters", "containers", "init_containers", "annotations", "pod_annotations", "data", "patch")
    for part in merged:
        for name in getattr(override, part):
            origins[f"workload.{part}.{name}"] = member_origin(member, *at, to_camel(part), name)
    return origins


def _override(member: Member, version: str) -> WorkloadOverride:
    release = member.component.versions.get(version)
    return (release.workload if release else None) or WorkloadOverride()


def _absolute(file: str, folder: str) -> str:
    """A folder that is given relative to a manifest."""
    return os.path.normpath(Path(file).parent.absolute() / folder)


def plain(value: Any) -> Any:
    """Models and values of manifests as JSON values, durations in seconds."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    # Numbers may remember their spelling; JSON values do not.
    return int(value) if isinstance(value, int) else float(value)
