"""Flux: what ``dependsOn`` refers to across a folder tree, and what of it cannot be carried over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.importers.gitops import lint

from convoy.manifest.importers.base import Imported, ImportFailed, Options
from convoy.manifest.importers.flux import import_flux
from convoy.manifest.models import Component


def flux(
    name: str, *depends_on: str, namespace: str | None = "apps", kind: str = "Kustomization", more: str = ""
) -> str:
    """A Flux object; ``depends_on`` are YAML of the entries, ``more`` of other fields of its spec."""
    group = {"Kustomization": "kustomize.toolkit.fluxcd.io/v1", "HelmRelease": "helm.toolkit.fluxcd.io/v2"}[kind]
    where = f"\n  namespace: {namespace}" if namespace else ""
    needs = "".join(f"\n    - {entry}" for entry in depends_on)
    spec = f"\n  dependsOn:{needs}" if needs else ""
    return (
        f"---\napiVersion: {group}\nkind: {kind}\nmetadata:\n  name: {name}{where}\nspec:\n  interval: 1h{spec}{more}\n"
    )


def kustomize(*resources: str, namespace: str | None = None, more: str = "") -> str:
    """A kustomization file."""
    given = f"namespace: {namespace}\n" if namespace else ""
    listed = "".join(f"\n  - {resource}" for resource in resources) or " []"
    return f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{given}resources:{listed}\n{more}"


def tree(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def imported(folder: Path, files: Mapping[str, str] | str) -> Imported:
    """These files imported."""
    return import_flux([tree(folder, {"ks.yaml": files} if isinstance(files, str) else files)], Options())


def loaded(result: Imported, folder: Path) -> Mapping[str, Component]:
    """The components that the lint reads from what was imported, without an error."""
    return lint(result, folder).catalog.components


def said(result: Imported, *but: str) -> list[tuple[str, str]]:
    """Severity and code of every finding."""
    return [(finding.severity, finding.code) for finding in result.findings if finding.code not in but]


def test_a_reference_without_a_namespace_means_that_of_the_object(tmp_path: Path) -> None:
    """As Flux has it; an object of the same name elsewhere is not meant."""
    files = flux("web", "name: db") + flux("db") + flux("db", namespace="other")
    result = imported(tmp_path, files)
    assert result.pairs == {("apps/web", "apps/db")}
    assert said(result, "renamed") == []


def test_a_reference_with_a_namespace_means_that_one(tmp_path: Path) -> None:
    """Across files."""
    files = {"a/ks.yaml": flux("web", "{name: db, namespace: data}"), "b.yml": flux("db", namespace="data")}
    result = imported(tmp_path, files)
    assert result.pairs == {("apps/web", "data/db")}
    assert result.edges[0].location == f"{tmp_path}/a/ks.yaml:10:7"


def test_a_helm_release_depends_on_helm_releases_only(tmp_path: Path) -> None:
    """A Kustomization of the same name is another thing, and both get a component."""
    files = flux("web", "name: db", kind="HelmRelease") + flux("db", kind="HelmRelease") + flux("db")
    result = imported(tmp_path / "in", files)
    assert result.pairs == {("HelmRelease/apps/web", "HelmRelease/apps/db")}
    components = loaded(result, tmp_path / "out")
    assert sorted(components) == ["apps-db", "helmrelease-apps-db", "web"]
    assert [dependency.name for dependency in components["web"].depends_on] == ["helmrelease-apps-db"]


def test_a_kustomization_file_gives_the_namespace_to_what_it_lists(tmp_path: Path) -> None:
    """Through folders, and the outermost one wins, as kustomize applies it last."""
    files = {
        "kustomization.yaml": kustomize("data", namespace="outer"),
        "data/kustomization.yaml": kustomize("./db.yaml", namespace="inner"),
        "data/db.yaml": flux("db", namespace=None),
        "web.yaml": flux("web", "{name: db, namespace: outer}"),
    }
    result = imported(tmp_path, files)
    assert result.pairs == {("apps/web", "outer/db")}
    assert said(result) == []


def test_kustomize_overrides_the_namespace_that_an_object_names(tmp_path: Path) -> None:
    """The node keeps the name of its file; references find it where it ends up. That is said once."""
    files = {
        "kustomization.yaml": kustomize("db.yaml", namespace="data"),
        "db.yaml": flux("db", namespace="flux-system"),
        "web.yaml": flux("web", "{name: db, namespace: data}"),
    }
    result = imported(tmp_path, files)
    assert result.pairs == {("apps/web", "flux-system/db")}
    assert said(result) == [("note", "namespace-overridden")]
    labels = {document["name"]: document["labels"]["flux.namespace"] for document in result.documents}
    assert labels == {"db": "data", "web": "apps"}


def test_kustomizations_that_contradict_each_other_are_said(tmp_path: Path) -> None:
    """Two clusters share a base: which namespace counts is not known."""
    files = {
        "one/kustomization.yaml": kustomize("../base/db.yaml", namespace="one"),
        "two/kustomization.yaml": kustomize("../base/db.yaml", namespace="two"),
        "base/db.yaml": flux("db", namespace=None),
    }
    result = imported(tmp_path, files)
    assert result.nodes == ("db",)
    assert said(result) == [("warning", "namespaces")]


def test_kustomizations_that_list_each_other_do_not_hang(tmp_path: Path) -> None:
    """kustomize refuses it; here it gives no namespace."""
    files = {
        "a/kustomization.yaml": kustomize("../b", "db.yaml", namespace="one"),
        "b/kustomization.yaml": kustomize("../a"),
        "a/db.yaml": flux("db"),
    }
    assert imported(tmp_path, files).nodes == ("apps/db",)


def test_a_name_that_is_unique_is_taken_wherever_it_is_and_that_is_said(tmp_path: Path) -> None:
    """The namespace may be set by something that is not in the files."""
    result = imported(tmp_path, flux("web", "{name: db, namespace: data}") + flux("db", namespace="flux-system"))
    assert result.pairs == {("apps/web", "flux-system/db")}
    (finding,) = result.findings
    assert (finding.severity, finding.code) == ("warning", "namespace-guessed")
    assert finding.location == f"{tmp_path}/ks.yaml:10:7"


def test_a_name_that_is_not_unique_is_not_guessed(tmp_path: Path) -> None:
    """The reference leads nowhere, and both that it might mean are named."""
    files = flux("web", "{name: db, namespace: data}") + flux("db", namespace="one") + flux("db", namespace="two")
    result = imported(tmp_path, files)
    assert said(result, "renamed") == [("note", "ambiguous"), ("error", "dangling-reference")]
    assert any("one/db and two/db" in finding.message for finding in result.findings)


def test_a_reference_to_nothing_is_an_error_at_its_place(tmp_path: Path) -> None:
    """All of them, and the components are written without it."""
    result = imported(tmp_path / "in", flux("web", "name: db", "name: cache"))
    assert [(f.code, f.location.rpartition("ks.yaml")[2]) for f in result.errors] == [
        ("dangling-reference", ":10:7"),
        ("dangling-reference", ":11:7"),
    ]
    assert loaded(result, tmp_path / "out")["web"].depends_on == []


def test_cycles_are_errors_also_of_one(tmp_path: Path) -> None:
    """An object that waits for itself never starts."""
    files = flux("a", "name: b") + flux("b", "name: a") + flux("self", "name: self")
    result = imported(tmp_path, files)
    assert [finding.code for finding in result.errors] == ["dependency-cycle"] * 2
    assert "apps/self depends on itself" in {finding.message for finding in result.errors}


def test_a_reference_that_stands_twice_is_one_dependency_and_said(tmp_path: Path) -> None:
    """However it is spelled."""
    result = imported(tmp_path, flux("web", "name: db", "{name: db, namespace: apps}") + flux("db"))
    assert len(result.edges) == 1
    assert said(result) == [("note", "duplicate-reference")]


@pytest.mark.parametrize(
    ("second", "finding"),
    [(flux("web"), ("error", "duplicate-object")), (flux("web", "name: db"), ("warning", "duplicate-object"))],
    ids=["different", "same"],
)
def test_a_second_object_of_one_name_is_said(tmp_path: Path, second: str, finding: tuple[str, str]) -> None:
    """An error where it matters which of the two counts; the first one does."""
    result = imported(tmp_path, flux("web", "name: db") + flux("db") + second)
    assert result.pairs == {("apps/web", "apps/db")}
    assert said(result) == [finding]


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        (flux("web", more="\n  suspend: true"), ("note", "suspended")),
        (flux("web", "{name: web2, readyExpr: 'true'}") + flux("web2"), ("warning", "condition-lost")),
        (flux("web", "name: ${DB}"), ("warning", "templated")),
        (flux("web") + flux("${APP}"), ("warning", "templated")),
        (flux("web", "ENC[AES256_GCM,data]"), ("error", "bad-reference")),
        (flux("web") + flux("ENC[AES256_GCM,data]"), ("warning", "encrypted")),
        (flux("web", "namespace: apps"), ("error", "bad-reference")),
        (flux("web", more="\n  dependsOn: db"), ("error", "bad-reference")),
        (flux("web") + flux("''"), ("error", "no-name")),
        (flux("web", more="\n  patches: [{patch: 'spec: {dependsOn: []}'}]"), ("warning", "patch")),
    ],
)
def test_what_cannot_be_carried_over_is_said(tmp_path: Path, files: str, finding: tuple[str, str]) -> None:
    """Nothing is lost silently, and the rest is imported."""
    result = imported(tmp_path, files)
    assert "apps/web" in result.nodes
    assert said(result) == [finding]


def test_a_patch_of_kustomize_that_adds_dependencies_is_said(tmp_path: Path) -> None:
    """Patches are not applied."""
    patch = "patches:\n  - target: {kind: Kustomization}\n    patch: |\n      spec:\n        dependsOn: [{name: x}]\n"
    result = imported(tmp_path, {"kustomization.yaml": kustomize("web.yaml", more=patch), "web.yaml": flux("web")})
    assert said(result) == [("warning", "patch")]


def test_dependencies_of_other_kinds_of_flux_are_said(tmp_path: Path) -> None:
    """A ResourceSet has dependsOn too; what is plainly something else is only counted."""
    other = "---\napiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nspec: {dependsOn: [{name: y}]}\n"
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\nsops: {mac: 'ENC[x]'}\n"
    result = imported(tmp_path, flux("web") + other + secret)
    assert said(result) == [("note", "other-documents"), ("warning", "other-kind")]
    assert "2 documents of other kinds were left out, 1 of them encrypted" in str(result.findings[0])


def test_a_template_is_said_and_costs_only_itself(tmp_path: Path) -> None:
    """A chart among the files is no mistake; broken YAML is one."""
    chart = 'apiVersion: v1\nmetadata:\n  {{- include "labels" . | nindent 4 }}\n'
    result = imported(tmp_path, {"ks.yaml": flux("web"), "chart.yaml": chart, "broken.yaml": "a: [1\n"})
    assert said(result) == [("error", "syntax"), ("warning", "templated")]


def test_a_tree_without_flux_objects_is_an_error(tmp_path: Path) -> None:
    """Nothing to import is not a success."""
    with pytest.raises(ImportFailed, match="no Flux Kustomization or HelmRelease among 1 documents"):
        imported(tmp_path, "kind: Deployment\n")


def test_names_and_labels_are_carried_over(tmp_path: Path) -> None:
    """A changed name is said."""
    labels = flux("My.App", more="\n  path: ./apps/web").replace("spec:", "  labels: {team: shop}\nspec:")
    result = imported(tmp_path / "in", labels)
    component = loaded(result, tmp_path / "out")["my-app"]
    assert component.labels == {
        "team": "shop",
        "flux.kind": "Kustomization",
        "flux.namespace": "apps",
        "flux.path": "./apps/web",
    }
    assert said(result) == [("note", "renamed")]


GRAPH = st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), max_size=4), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(graph=GRAPH, per_file=st.booleans())
def test_every_reference_becomes_one_edge_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, graph: dict[int, set[int]], per_file: bool
) -> None:
    """Whatever the graph, and however it is spread over files."""
    folder = tmp_path_factory.mktemp("flux")
    texts = [flux(f"n{node}", *(f"name: n{other}" for other in sorted(graph[node]))) for node in sorted(graph)]
    files = {f"{number}.yaml": text for number, text in enumerate(texts)} if per_file else {"all.yaml": "".join(texts)}
    result = imported(folder / "in", files)
    wanted = {(f"apps/n{node}", f"apps/n{other}") for node, others in graph.items() for other in others}
    assert result.pairs == wanted
    dangling = [finding for finding in result.errors if finding.code == "dangling-reference"]
    assert len(dangling) == sum(other not in graph for others in graph.values() for other in others)
    components = loaded(result, folder / "out")
    carried = {(name, need.name) for name, component in components.items() for need in component.depends_on}
    assert carried == {(f"n{a}", f"n{b}") for a, others in graph.items() for b in others if b in graph and a != b}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "web", "db", "apps", "Web App", "${X}", "ENC[x]", "a/b"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "namespace",
                    "labels",
                    "dependsOn",
                    "suspend",
                    "path",
                    "patches",
                    "patch",
                    "readyExpr",
                    "resources",
                ]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(metadata=ANYTHING, spec=ANYTHING, other=ANYTHING)
def test_whatever_stands_in_a_file_there_is_a_report_and_valid_manifests(
    tmp_path_factory: pytest.TempPathFactory, metadata: Any, spec: Any, other: Any
) -> None:
    """Values of any type anywhere: findings, never an exception, and nothing that the lint refuses."""
    folder = tmp_path_factory.mktemp("anything")
    objects = [
        {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata, "spec": spec},
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web"}, "spec": spec},
        other,
    ]
    text = "---\n".join(yaml.safe_dump(found) for found in objects)
    try:
        result = imported(folder / "in", {"ks.yaml": text, "kustomization.yaml": yaml.safe_dump(other)})
    except ImportFailed as error:
        assert error.findings
    else:
        loaded(result, folder / "out")
