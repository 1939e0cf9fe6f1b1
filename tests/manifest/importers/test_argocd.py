"""Argo CD: Applications and their sync waves, which are levels and no dependencies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.importers.gitops import INPUTS, lint, needs_inputs

from convoy.manifest.importers.argocd import import_argocd
from convoy.manifest.importers.base import Imported, ImportFailed, Options
from convoy.manifest.models import Component

WAVE = "argocd.argoproj.io/sync-wave"
AS_ORDER = replace(Options(), waves_as_order=True)


def application(name: str, wave: str | None = None, source: str = "{path: apps/x, repoURL: r}", more: str = "") -> str:
    """An Application."""
    annotations = f"\n  annotations:\n    {WAVE}: {wave}" if wave is not None else ""
    head = f"---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n  namespace: argocd"
    return f"{head}{annotations}\nspec:\n  project: shop\n  source: {source}\n{more}"


def application_set(generators: str, name: str = "'{{name}}-web'", wave: str | None = None, more: str = "") -> str:
    """An ApplicationSet."""
    annotations = f"\n  annotations: {{{WAVE}: {wave}}}" if wave is not None else ""
    head = f"---\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: webs{annotations}"
    return f"{head}\nspec:\n  generators: {generators}\n  template: {{metadata: {{name: {name}{more}}}}}\n"


def imported(folder: Path, files: Mapping[str, str] | str, options: Options = AS_ORDER) -> Imported:
    """These files imported."""
    for name, text in ({"apps.yaml": files} if isinstance(files, str) else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return import_argocd([folder], options)


def loaded(result: Imported, folder: Path) -> Mapping[str, Component]:
    """The components that the lint reads from what was imported, without an error."""
    return lint(result, folder).catalog.components


def said(result: Imported) -> list[tuple[str, str]]:
    """Severity and code of every finding, without the one about waves that is always there."""
    return [(f.severity, f.code) for f in result.findings if f.code not in ("waves", "waves-as-order")]


def test_waves_are_levels_and_no_dependencies(tmp_path: Path) -> None:
    """An order that was typed by hand does not say who needs whom; that is a warning."""
    result = imported(tmp_path / "in", application("db", '"1"') + application("web", '"2"'), Options())
    assert dict(result.levels) == {"db": 1, "web": 2}
    assert result.edges == ()
    assert [(finding.severity, finding.code) for finding in result.findings] == [("warning", "waves")]
    components = loaded(result, tmp_path / "out")
    assert all(component.depends_on == [] for component in components.values())
    assert components["web"].labels["argocd.sync-wave"] == "2"


def test_on_request_each_wave_depends_on_the_one_before_it(tmp_path: Path) -> None:
    """On the next lower one that is not empty, and not as required; that is a warning too."""
    files = "".join(application(name, f'"{wave}"') for name, wave in (("a", -3), ("b", -3), ("c", 4), ("d", 9)))
    result = imported(tmp_path / "in", files)
    assert result.pairs == {("c", "a"), ("c", "b"), ("d", "c")}
    assert [(finding.severity, finding.code) for finding in result.findings] == [("warning", "waves-as-order")]
    needs = loaded(result, tmp_path / "out")["c"].depends_on
    assert [(need.name, need.required) for need in needs] == [("a", False), ("b", False)]
    assert {edge.location for edge in result.edges if edge.dependent == "d"} == {f"{tmp_path}/in/apps.yaml:41:5"}


def test_an_application_without_a_wave_is_in_wave_0(tmp_path: Path) -> None:
    """That is Argo CD's default."""
    assert dict(imported(tmp_path, application("db", '"-1"') + application("web")).levels) == {"db": -1, "web": 0}


@pytest.mark.parametrize("wave", ["early", "1.5", '""', "null", "{{ .wave }}", "[1]"])
def test_a_wave_that_is_no_number_is_an_error_and_no_level(tmp_path: Path, wave: str) -> None:
    """Argo CD takes it as 0 without a word. Nothing depends on it, and it on nothing."""
    wave = f'"{wave}"' if "{" in wave else wave
    result = imported(tmp_path, application("db", '"1"') + application("web", wave))
    assert dict(result.levels) == {"db": 1}
    assert said(result) == [("error", "bad-wave")]
    assert result.errors[0].location == f"{tmp_path}/apps.yaml:19:5"
    assert (set(result.nodes), result.edges) == ({"db", "web"}, ())


def test_waves_are_compared_only_below_the_same_parent(tmp_path: Path) -> None:
    """A sync orders what it applies: the children of one app of apps are no order for those of another."""
    files = {
        "root.yaml": application("one", '"1"', "{path: sets/one}") + application("two", '"2"', "{path: ./sets/two/}"),
        "sets/one/apps.yaml": application("a", '"1"') + application("b", '"2"'),
        "sets/two/kustomization.yaml": "resources: [../../shared/c.yaml]\n",
        "shared/c.yaml": application("c", '"3"'),
    }
    result = imported(tmp_path, files)
    assert result.pairs == {("two", "one"), ("b", "a")}
    assert said(result) == [("note", "app-of-apps")] * 2


def test_an_application_that_would_deploy_itself_is_no_parent(tmp_path: Path) -> None:
    """Its folder is in another repository, or it manages itself; either way the others stay its siblings."""
    files = {"config/apps.yaml": application("db", '"1"') + application("self", '"2"', "{path: config}")}
    result = imported(tmp_path, files)
    assert result.pairs == {("self", "db")}
    assert said(result) == []


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("'{{name}}-web'", ["one-web", "two-web"]),
        ("'{{ .name }}-web'", ["one-web", "two-web"]),
        ("'{{values.tier}}-{{.name}}'", ["gold-one", "silver-two"]),
    ],
)
def test_a_list_generator_is_read_off(tmp_path: Path, name: str, names: list[str]) -> None:
    """Its Applications are in the wave of the ApplicationSet."""
    elements = "[{list: {elements: [{name: one, values: {tier: gold}}, {name: two, values: {tier: silver}}]}}]"
    result = imported(tmp_path, application_set(elements, name, wave='"7"'))
    assert dict(result.levels) == dict.fromkeys(names, 7)
    assert said(result) == []


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        (application_set("[{git: {repoURL: r}}]"), ("warning", "generator")),
        (application_set("[{matrix: {generators: [{list: {elements: []}}]}}]"), ("warning", "generator")),
        (application_set("[{list: {elementsYaml: x}}]"), ("warning", "generator")),
        (application_set("[{list: {elements: [{id: one}]}}]"), ("warning", "templated")),
        (application_set("[{list: {elements: [{name: one}]}}]", "'{{ .name | upper }}'"), ("warning", "templated")),
        (
            application_set("[{list: {elements: []}}]", more=f", annotations: {{{WAVE}: '1'}}"),
            ("warning", "wave-without-effect"),
        ),
        (
            application_set("[]").replace("template", "strategy: {type: RollingSync}\n  template"),
            ("warning", "rolling-sync"),
        ),
        (application_set("[]", "''"), ("error", "no-name")),
        (application("'{{ .Values.name }}'"), ("warning", "no-name")),
        (application("''"), ("error", "no-name")),
        (application("web"), ("warning", "duplicate-object")),
        (application("web", '"3"'), ("error", "duplicate-object")),
        (application("Web_2"), ("note", "renamed")),
    ],
)
def test_what_cannot_be_carried_over_is_said(tmp_path: Path, files: str, finding: tuple[str, str]) -> None:
    """Nothing is lost silently, and the rest is imported."""
    result = imported(tmp_path, application("web") + files)
    assert "web" in result.nodes
    assert said(result) == [finding]


def test_patches_of_waves_are_not_applied_and_that_is_said(tmp_path: Path) -> None:
    """The patch is no second Application."""
    files = {
        "base/web.yaml": application("web", '"1"'),
        "overlay/kustomization.yaml": "resources: [../base]\npatches:\n  - path: wave.yaml\n",
        "overlay/wave.yaml": application("web", '"5"'),
        "inline/kustomization.yaml": f"resources: [../base]\ncommonAnnotations: {{{WAVE}: '3'}}\n",
    }
    result = imported(tmp_path, files)
    assert dict(result.levels) == {"web": 1}
    assert said(result) == [("warning", "patch")] * 2


def test_waves_inside_of_applications_are_counted(tmp_path: Path) -> None:
    """They order objects that are not deployed by themselves."""
    job = f"---\nkind: Job\nmetadata: {{name: migrate, annotations: {{{WAVE}: '-1'}}}}\n"
    result = imported(tmp_path, application("web") + job)
    assert result.nodes == ("web",)
    assert said(result) == [("note", "other-documents"), ("note", "waves-inside")]


def test_one_name_in_two_namespaces_is_two_applications(tmp_path: Path) -> None:
    """Both have a component."""
    result = imported(tmp_path / "in", application("web") + application("web").replace(": argocd", ": team"))
    assert result.nodes == ("argocd/web", "team/web")
    assert sorted(loaded(result, tmp_path / "out")) == ["argocd-web", "team-web"]


def test_what_kubectl_prints_is_read_like_files(tmp_path: Path) -> None:
    """A List of objects, each with its place."""
    items = "".join(
        f"  - apiVersion: argoproj.io/v1alpha1\n    kind: Application\n    metadata:\n      name: {name}\n"
        for name in ("db", "web")
    )
    result = imported(tmp_path, f"apiVersion: v1\nkind: List\nitems:\n{items}")
    assert (result.nodes, said(result)) == (("db", "web"), [])
    written = [document["name"] for document in result.documents]
    assert written == ["db", "web"]


def test_a_tree_without_applications_is_an_error(tmp_path: Path) -> None:
    """Nothing to import is not a success."""
    with pytest.raises(ImportFailed, match="no Argo CD Application among 1 documents"):
        imported(tmp_path, "kind: Deployment\n")


@settings(deadline=None, max_examples=40)
@given(waves=st.lists(st.integers(-3, 3), min_size=1, max_size=7))
def test_as_order_nothing_depends_on_its_own_wave_or_a_later_one(
    tmp_path_factory: pytest.TempPathFactory, waves: list[int]
) -> None:
    """And everything but the first wave depends on something, so the order is the whole of what was typed."""
    folder = tmp_path_factory.mktemp("waves")
    result = imported(folder, "".join(application(f"app-{i}", f'"{wave}"') for i, wave in enumerate(waves)))
    assert all(result.levels[dependent] > result.levels[dependency] for dependent, dependency in result.pairs)
    later = {node for node, wave in result.levels.items() if wave > min(waves)}
    assert {dependent for dependent, _ in result.pairs} == later


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "web", "apps", "Web App", "{{name}}", "7", "apps/x", "RollingSync"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "namespace",
                    "annotations",
                    WAVE,
                    "source",
                    "sources",
                    "path",
                    "generators",
                    "list",
                    "elements",
                    "template",
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
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec},
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": metadata, "spec": spec},
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "web"}, "spec": spec},
        other,
    ]
    text = "---\n".join(yaml.safe_dump(found) for found in objects)
    try:
        result = imported(folder / "in", {"apps.yaml": text, "kustomization.yaml": yaml.safe_dump(other)})
    except ImportFailed as error:
        assert error.findings
    else:
        loaded(result, folder / "out")


@needs_inputs
def test_the_waves_are_those_that_the_owner_of_a_repository_documents(tmp_path: Path) -> None:
    """22 Applications in 10 waves, each in the wave of the table."""
    folder = INPUTS / "argocd-neco" / "2020-07"
    table = (folder / "docs" / "application_sync_wave.md").read_text()
    documented = {name: int(wave) for name, wave in re.findall(r"^\| (\S+) +\| (\d+) +\|$", table, re.MULTILINE)}
    result = import_argocd([folder], Options())
    assert dict(result.levels) == documented
    assert (len(result.nodes), len(set(result.levels.values())), result.edges) == (22, 10, ())
    assert result.errors == ()
    assert sorted(loaded(result, tmp_path / "out")) == sorted(documented)


@needs_inputs
def test_a_real_repository_can_be_ordered_by_its_waves(tmp_path: Path) -> None:
    """The longest chain of dependencies then goes through all ten waves."""
    result = import_argocd([INPUTS / "argocd-neco" / "2020-07"], AS_ORDER)
    order = sorted(set(result.levels.values()))
    steps = {(order.index(result.levels[a]), order.index(result.levels[b])) for a, b in result.pairs}
    assert steps == {(number, number - 1) for number in range(1, 10)}
    assert len(loaded(result, tmp_path / "out")) == 22
