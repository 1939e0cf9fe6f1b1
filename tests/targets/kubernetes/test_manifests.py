"""Manifests of the kubernetes target: what they may say, what one version changes, and what they cannot smuggle in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pydantic import TypeAdapter, ValidationError

from convoy.cli.rbac import command
from convoy.manifest.catalog import load
from convoy.manifest.models.kubernetes import DeploymentWorkload
from convoy.manifest.models.workload import Workload, WorkloadOverride, kubernetes_at

WORKLOAD = TypeAdapter(Workload)
SHOP = """apiVersion: convoy/v1
kind: Environment
name: prod
target: {kind: kubernetes, namespace: shop, connection: prod-eu}
---
apiVersion: convoy/v1
kind: Rollout
name: shop
environments: [prod]
components:
  web: {from: 1.0.0, to: 1.1.0, workload: {kind: deployment, containers: {main: {image: shop/web}}}}
  migrate:
    from: 1.0.0
    to: 1.1.0
    workload:
      kind: job
      containers: {main: {image: shop/migrate}}
      template: {template: {spec: {containers: [{name: main}]}}}
"""


@pytest.mark.parametrize(
    "workload",
    [
        {"kind": "deployment", "name": "../secrets/x"},
        {"kind": "deployment", "name": "web\n"},
        {"kind": "deployment", "namespace": "kube-system/pods"},
        {"kind": "deployment", "containers": {"main": {"image": "shop/web:1 --privileged"}}},
        {"kind": "deployment", "containers": {"main": {"image": "shop/web", "tag": "1/../2"}}},
        {"kind": "deployment", "containers": {"main": {"image": "shop/web:1", "tag": "2"}}},
        {"kind": "deployment", "containers": {"main": {"image": "shop/web", "command": ["sh"]}}},
        {"kind": "deployment", "containers": {"Main!": {"image": "shop/web"}}},
        {"kind": "deployment", "containers": {"main": {"env": {"A=B": "x"}}}},
        {"kind": "deployment", "annotations": {"convoy.dev/run": "me"}},
        {"kind": "deployment", "podAnnotations": {"convoy.dev/run": "me"}},
        {"kind": "deployment", "annotations": {"a b": "x"}},
        {"kind": "configMap", "data": {"a/b": "x"}},
        {"kind": "custom", "apiVersion": "v1/../../secrets", "resource": "Secret"},
        {"kind": "custom", "apiVersion": "example.com/v1", "resource": "secrets/x"},
        {"kind": "custom", "apiVersion": "example.com/v1", "resource": "X", "patch": {"metadata": {"labels": {}}}},
        {"kind": "custom", "apiVersion": "example.com/v1", "resource": "X", "versionField": "metadata.name"},
        {"kind": "job", "template": {}, "rollback": {}, "leaveOnRollback": True},
    ],
)
def test_what_does_not_belong_is_refused(workload: dict[str, object]) -> None:
    """Names, keys, images and patches reach exactly what they name."""
    with pytest.raises(ValidationError):
        WORKLOAD.validate_python(workload)


def test_one_version_changes_what_it_names() -> None:
    """Images and templates replace, variables and annotations are merged."""
    workload = WORKLOAD.validate_python(
        {
            "kind": "deployment",
            "containers": {"main": {"image": "shop/web", "env": {"A": "1", "B": "1"}}, "p": {"image": "p:1"}},
        }
    )
    override = WorkloadOverride.model_validate(
        {"containers": {"main": {"tag": "stable", "env": {"B": "2"}}}, "annotations": {"team": "x"}}
    )
    found = kubernetes_at(workload, override)
    assert isinstance(found, DeploymentWorkload)
    assert found.model_dump(exclude_defaults=True) == {
        "kind": "deployment",
        "containers": {
            "main": {"image": "shop/web", "tag": "stable", "env": {"A": "1", "B": "2"}},
            "p": {"image": "p:1"},
        },
        "annotations": {"team": "x"},
    }


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("connection: prod-eu", "connection: prod-eu, kubeconfig: x", "either connection or kubeconfig"),
        (", connection: prod-eu", "", "either connection or kubeconfig"),
        ("namespace: shop", "namespace: Shop", "namespace"),
        ("kind: deployment", "kind: process, command: [x]", "moves kind deployment or"),
        ("kind: deployment", "kind: deploiment", "did you mean deployment"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, before: str, after: str, words: str) -> None:
    file = tmp_path / "shop.yaml"
    assert before in SHOP
    text = SHOP.replace(before, after)
    if "process" in after:
        text = text.replace(", containers: {main: {image: shop/web}}", "", 1)
    file.write_text(text)
    found = [str(diagnostic) for diagnostic in load([file]).diagnostics]
    assert any(words in line for line in found), found
    assert all("shop.yaml:" in line for line in found)


def test_a_version_changes_only_what_its_kind_of_workload_has(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "apiVersion: convoy/v1\nkind: Component\nname: settings\nworkload: {kind: configMap, data: {a: '1'}}\n"
        "versions:\n  '2': {workload: {data: {a: '2'}, initContainers: {x: {image: y}}}}\n"
    )
    found = [str(diagnostic) for diagnostic in load([file]).diagnostics]
    assert len(found) == 1
    assert "shop.yaml:6:" in found[0]
    assert "initContainers means nothing here" in found[0]


def test_rbac_prints_the_role_of_an_environment(tmp_path: Path) -> None:
    """For kubectl, with a binding; by default to the service account convoy of the namespace."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    answer = CliRunner().invoke(command, ["prod", "--manifests", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    role, binding = yaml.safe_load_all(answer.output)
    verbs = {resource: rule["verbs"] for rule in role["rules"] for resource in rule["resources"]}
    assert verbs == {
        "deployments": ["get", "list", "patch", "update", "watch"],
        "jobs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        "leases": ["create", "get", "list", "update"],
        "pods": ["list", "watch"],
        "pods/log": ["get"],
        "replicasets": ["list", "watch"],
    }
    assert (role["metadata"]["namespace"], binding["roleRef"]["name"]) == ("shop", role["metadata"]["name"])
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "convoy", "namespace": "shop"}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prd"], "no environment prd"),
        (["local"], "only kubernetes has Roles"),
        (["prod", "--user", "a", "--service-account", "b/c"], "either"),
        (["prod", "--service-account", "c"], "namespace/name"),
        (["prod", "--name", "a b"], "no name of a Role"),
    ],
)
def test_rbac_refuses_what_makes_no_sense(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    answer = CliRunner().invoke(command, [*arguments, "--manifests", str(tmp_path)])
    assert answer.exit_code != 0
    assert words in answer.output
