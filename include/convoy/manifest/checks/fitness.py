"""Whether what a rollout changes fits the environments that it goes to: workloads to targets, metrics to signals."""

from __future__ import annotations

from convoy.manifest.checks.findings import Findings, Known
from convoy.manifest.definitions import Catalog, Definition
from convoy.manifest.members import Member, members_of
from convoy.manifest.model_shape import keys_of
from convoy.manifest.models import Component, Environment, Rollout
from convoy.manifest.models.workload import KUBERNETES_KINDS, KUBERNETES_MODELS, WorkloadOverride
from convoy.manifest.settings import gates_of

WORKLOADS_OF_TARGET = {
    "processes": ("process",),
    "webhook": ("external",),
    "command": ("external",),
    "kubernetes": KUBERNETES_KINDS,
}
"""The workload kinds that each target moves."""
FIELDS_OF_KIND = {
    "process": {"command", "env", "directory"},
    "external": {"parameters"},
    **{kind: set(model.model_fields) for kind, model in KUBERNETES_MODELS.items()},
}
"""The fields that a workload of a kind has: no other ones can one version change."""


def check_fitness(known: Known, findings: Findings) -> None:
    """Report what cannot work in an environment. Environments that have errors are left out."""
    for definition in known.catalog.definitions.values():
        model = definition.model
        if isinstance(model, Component):
            _overrides(findings, definition, model)
        if isinstance(model, Rollout):
            members = members_of(known.catalog, model.name)
            for name in model.environment_names:
                environment = known.catalog.environments.get(name)
                if environment is not None:
                    for component, member in members.items():
                        if ("Component", component) not in known.broken:
                            _workload(findings, definition, component, member, environment)
                            _metrics(known.catalog, findings, definition, component, member, environment)


def _workload(findings: Findings, rollout: Definition, name: str, member: Member, environment: Environment) -> None:
    target = environment.target.kind
    wanted = WORKLOADS_OF_TARGET[target]
    workload = member.component.workload
    if workload is None:
        if findings.has(rollout, ("components", name)):
            return  # It is unknown; what it lacks is no further news.
        if wanted == ("process",):
            message = f"{name} has no workload, and the {target} target of {environment.name} needs to know what to run"
            hint = f"give {name} a workload with a command, here or in a Component manifest"
            findings.add(rollout, ("components", name), "no-workload", message, hint, at_key=True)
    elif workload.kind not in wanted:
        message = (
            f"{name} has a workload of kind {workload.kind} ({member.locate(('workload',))}), "
            f"and the {target} target of {environment.name} moves kind {' or '.join(wanted)}"
        )
        hint = f"give the workload kind: {' or '.join(wanted)}, or send the rollout to another environment"
        findings.add(rollout, ("components", name), "wrong-workload", message, hint, at_key=True)


def _overrides(findings: Findings, definition: Definition, model: Component) -> None:
    """What one version changes of the workload must be something that a workload of this kind has."""
    kind = model.workload.kind if model.workload else "external"
    foreign = [(name, key) for key, name in keys_of(WorkloadOverride).items() if name not in FIELDS_OF_KIND[kind]]
    for version, release in model.versions.items():
        for name, field in foreign:
            if release.workload is not None and name in release.workload.model_fields_set:
                path = ("versions", version, "workload", field)
                message = f"{field} means nothing here: the workload of {model.name} is of kind {kind}"
                findings.add(definition, path, "wrong-workload", message, "delete it", at_key=True)


def _metrics(
    catalog: Catalog, findings: Findings, rollout: Definition, name: str, member: Member, environment: Environment
) -> None:
    if environment.signals.prometheus is not None:
        return
    gates = gates_of(catalog, rollout.name, member, environment.name)
    for metric in gates.metrics.value:
        if metric.query is not None:
            message = (
                f"{name} is judged by the metric {metric.name}, a query ({gates.metrics.origin}), "
                f"and environment {environment.name} has no signals.prometheus"
            )
            hint = "give the environment signals.prometheus, or use scrape instead of query"
            findings.add(rollout, ("components", name), "no-prometheus", message, hint, at_key=True)
