"""Whatever stands in a file: an importer ends with findings, never with another exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convoy.manifest.catalog import load
from convoy.manifest.importers.base import Imported, ImportFailed, Options
from convoy.manifest.importers.registry import importer
from convoy.manifest.importers.writer import manifest_text

WORDS = {
    "compose": "services include extends file service depends_on condition required image links profiles name labels "
    "deploy replicas network_mode service:a volumes_from path env_file a b a.yaml ${A:-x} ${ container:a !reset",
    "kubernetes": "apiVersion kind metadata name namespace labels spec template containers initContainers env value "
    "valueFrom configMapKeyRef envFrom configMapRef command args selector items data v1 Deployment Service ConfigMap "
    "List Pod a b a:80 http://b.svc image a:1.0.0 $(A)",
    "helmfile": "releases name namespace needs chart version installed helmfiles path selectors condition environments "
    "kubeContext helmDefaults filepath inherit a b a/b x/a/b a.yaml {{.X}} *.yaml false 1.2.3",
}
NAMES = st.sampled_from(["a", "b", "c", "A_b"])


def usually(shape: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What belongs there, and now and then something else."""
    return st.integers(0, 9).flatmap(lambda number: odd if number == 0 else shape)


def some(odd: st.SearchStrategy[Any], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A mapping with some of these parts."""
    optional = {name: usually(part, odd) for name, part in parts.items()}
    return st.fixed_dictionaries({}, optional=optional)


def compose(odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A compose file, nearly."""
    condition = st.sampled_from(["service_started", "service_healthy", "service_completed_successfully"])
    depends_on = st.dictionaries(NAMES, some(odd, condition=condition, required=st.booleans()), max_size=3)
    names = st.lists(NAMES, max_size=3)
    service = some(
        odd, image=NAMES, depends_on=st.one_of(depends_on, names), links=names, volumes_from=names, extends=NAMES
    )
    return some(odd, services=st.dictionaries(NAMES, usually(service, odd), max_size=4), name=NAMES)


def kubernetes(odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A list of pods and Services, nearly."""
    values = st.sampled_from(["a:1", "http://b", "c:1", "$(a):1", "x", "a"])
    variable = st.fixed_dictionaries({"name": NAMES, "value": usually(values, odd)})
    container = some(odd, image=NAMES, env=st.lists(variable, max_size=3), args=st.lists(st.just("b:1"), max_size=2))
    containers = st.lists(usually(container, odd), min_size=1, max_size=2)
    pod = some(odd, containers=containers, initContainers=containers)

    def objects(kind: str, spec: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        metadata = st.fixed_dictionaries({"name": NAMES, "labels": st.fixed_dictionaries({"app": NAMES})})
        fixed = {
            "apiVersion": st.just("v1"),
            "kind": st.just(kind),
            "metadata": usually(metadata, odd),
            "spec": usually(spec, odd),
        }
        return st.fixed_dictionaries(fixed)

    service = objects("Service", st.fixed_dictionaries({"selector": st.fixed_dictionaries({"app": NAMES})}))
    items = st.lists(usually(st.one_of(objects("Pod", pod), service), odd), min_size=3, max_size=6)
    return st.fixed_dictionaries({"apiVersion": st.just("v1"), "kind": st.just("List"), "items": items})


def helmfile(odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A helmfile, nearly."""
    needs = st.lists(st.sampled_from(["a", "b", "n/a", "x/n/b", "", "/"]), max_size=3)
    namespace = st.sampled_from(["n", "{{ x }}"])
    release = some(odd, name=NAMES, namespace=namespace, needs=needs, installed=st.booleans(), version=st.just("1.2.3"))
    return some(odd, releases=st.lists(usually(release, odd), max_size=5), helmfiles=st.lists(NAMES, max_size=2))


def data(kind: str) -> st.SearchStrategy[Any]:
    """What an importer expects, with parts of it replaced by nested data from words that mean something to it."""
    words = st.sampled_from(WORDS[kind].split())
    leaf = st.one_of(words, st.none(), st.booleans(), st.integers(-9, 99), st.text(max_size=5))
    odd = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4), max_leaves=12
    )
    return usually({"compose": compose, "kubernetes": kubernetes, "helmfile": helmfile}[kind](odd), odd)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_no_input_makes_an_importer_fail(kind: str, tmp_path: Path) -> None:
    """And what it makes is always accepted by Convoy."""
    path = tmp_path / "a.yaml"
    out = tmp_path / "out.yaml"

    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(data(kind))
    def check(value: Any) -> None:
        path.write_text(json.dumps(value))
        try:
            imported: Imported = importer(kind)([path], Options(all_profiles=True))
        except ImportFailed as failed:
            assert failed.findings
            return
        out.write_text(manifest_text(imported.documents, "s"))
        assert [str(error) for error in load([out]).errors] == []

    check()
