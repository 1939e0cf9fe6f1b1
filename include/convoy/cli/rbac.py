"""``convoy rbac``: the Role that a rollout in an environment needs, its rollback included, and not one verb more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convoy.cli.places import manifests_folder

if TYPE_CHECKING:
    from convoy.manifest.definitions import Catalog


@click.command()
@click.argument("environment")
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), help="Default: include/manifests.")
@click.option("--name", default="convoy", show_default=True, help="Name of the Role and the RoleBinding.")
@click.option(
    "--service-account",
    metavar="NAMESPACE/NAME",
    help="Who gets the rights. Default: the service account convoy of the environment's namespace.",
)
@click.option("--user", help="Who gets the rights, where it is a user of the cluster.")
def command(environment: str, manifests: Path | None, name: str, service_account: str | None, user: str | None) -> None:
    """Print Role and RoleBinding for ENVIRONMENT as YAML, for `kubectl apply -f -`.

    They have exactly the verbs that the rollouts of the manifests need there, with their rollbacks. Names of
    custom resources are made from their kinds; `convoy` checks them against the cluster before each rollout.
    """
    import yaml

    from convoy.manifest.catalog import load
    from convoy.manifest.models.environment import KubernetesTarget
    from convoy.targets.kubernetes import rights
    from convoy.targets.kubernetes.objects import COMPONENT

    catalog = load([manifests or manifests_folder()]).catalog
    if environment not in catalog.environments:
        raise click.UsageError(f"no environment {environment}; there are {', '.join(sorted(catalog.environments))}")
    target = catalog.environments[environment].target
    if not isinstance(target, KubernetesTarget):
        raise click.UsageError(
            f"environment {environment} has a target of kind {target.kind}: only kubernetes has Roles"
        )
    if user is not None and service_account is not None:
        raise click.UsageError("give either --service-account or --user")
    if user is not None:
        subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    else:
        namespace, slash, account = (service_account or f"{target.namespace}/convoy").partition("/")
        if not slash or not COMPONENT.fullmatch(namespace) or not COMPONENT.fullmatch(account):
            raise click.UsageError("--service-account has to be like namespace/name")
        subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    if not COMPONENT.fullmatch(name):
        raise click.UsageError(f"{name!r} is no name of a Role")
    needed = rights.needed(_workloads(catalog, environment), target.namespace, rights.guessed)
    click.echo(yaml.safe_dump_all(rights.roles(needed, name, subject), sort_keys=False), nl=False)


def _workloads(catalog: Catalog, environment: str) -> Iterator[dict[str, Any]]:
    """The workloads of everything that some rollout moves in the environment, at every version."""
    from convoy.manifest.members import members_of
    from convoy.manifest.models.workload import KUBERNETES_KINDS, WorkloadOverride, kubernetes_at
    from convoy.manifest.resolve import plain

    for rollout in catalog.rollouts.values():
        if environment not in rollout.environment_names:
            continue
        for member in members_of(catalog, rollout.name).values():
            workload = member.component.workload
            if workload is None:
                yield {"kind": "external"}
            elif workload.kind in KUBERNETES_KINDS:
                overrides = [release.workload for release in member.component.versions.values()]
                for override in (WorkloadOverride(), *overrides):
                    yield plain(kubernetes_at(workload, override or WorkloadOverride()))  # type: ignore[arg-type]
