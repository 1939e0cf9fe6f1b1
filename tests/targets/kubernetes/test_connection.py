"""The way to the cluster: an Airflow connection, or a kubeconfig; with no secret in any message."""

from __future__ import annotations

import asyncio
import json
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from convoy.targets import open_target
from convoy.targets.base import Refused
from convoy.targets.kubernetes.target import KubernetesTarget
from tests.kubernetes.workloads import deployment
from tests.targets.kubernetes.world import World


def through(extra: dict[str, Any], namespace: str, **config: Any) -> KubernetesTarget:
    """A target that has only an Airflow connection."""
    settings = {"kind": "kubernetes", "namespace": namespace, "connection": "prod-eu", **config}
    return KubernetesTarget(settings, "prod", lambda _: SimpleNamespace(extra_dejson=extra))


@pytest.mark.parametrize("form", ["path", "text", "dict"])
def test_a_connection_leads_to_the_cluster(world: World, form: str) -> None:
    """With a kubeconfig on the machine, or in the connection itself."""
    file = world.control_plane.admin_kubeconfig
    document = yaml.safe_load(file.read_text())
    extra: dict[str, Any] = {
        "path": {"kube_config_path": str(file)},
        "text": {"kube_config": json.dumps(document)},
        "dict": {"kube_config": document},
    }[form]
    world.put(deployment("web", "shop/web:1.0.0"))
    target = through(extra, world.namespace)
    target.prepare()
    assert target.observe("web").version == "1.0.0"
    generation = target.observe("web").generation
    assert asyncio.run(target.ready("web", generation)).failed is False


def test_two_clusters_in_one_process_do_not_get_into_each_others_way(world: World) -> None:
    """A connection to somewhere else changes nothing for the first."""
    first = through({"kube_config_path": str(world.control_plane.admin_kubeconfig)}, world.namespace)
    other = yaml.safe_load(world.control_plane.admin_kubeconfig.read_text())
    other["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    second = through({"kube_config": json.dumps(other)}, world.namespace, timeout=2.0)
    first.prepare()
    with pytest.raises(Exception, match="no answer"):
        second.prepare()
    first.prepare()


@pytest.mark.parametrize(
    "extra",
    [
        {"kube_config": "sesame: ["},
        {"kube_config": "sesame"},
        {"kube_config": {"sesame": 1}},
        {"kube_config": "sesame: 1", "in_cluster": True},
        {"kube_config_path": "/nowhere/at/all"},
    ],
)
def test_a_connection_that_cannot_be_used_is_refused_without_its_secrets(extra: dict[str, Any]) -> None:
    """Neither in the message nor in the trace, which goes into the task's log."""
    with pytest.raises(Refused, match="prod-eu") as caught:
        through(extra, "shop").prepare()
    assert "sesame" not in "".join(traceback.format_exception(caught.value))


def test_a_kubeconfig_that_cannot_be_read_is_refused_without_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("token: sesame: [")
    config = {"kind": "kubernetes", "namespace": "shop", "kubeconfig": str(file)}
    with pytest.raises(Refused, match="cannot be used") as caught:
        open_target(config, "prod").prepare()
    assert "sesame" not in "".join(traceback.format_exception(caught.value))


def test_a_kubeconfig_that_is_not_there_is_refused(tmp_path: Path) -> None:
    config = {"kind": "kubernetes", "namespace": "shop", "kubeconfig": str(tmp_path / "none")}
    with pytest.raises(Refused, match="cannot be used"):
        open_target(config, "prod").prepare()


def test_a_context_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="cannot be used"):
        world.open(context="nobody").prepare()


def test_credentials_that_the_cluster_does_not_know_are_refused(world: World, tmp_path: Path) -> None:
    document = yaml.safe_load(world.control_plane.admin_kubeconfig.read_text())
    document["users"][0]["user"] = {"token": "sesame"}
    file = tmp_path / "wrong"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(Refused, match="does not know who we are") as caught:
        world.open(kubeconfig=file).prepare()
    assert "sesame" not in str(caught.value)
