"""Backstage: entities that refer to each other, and the versions that their contracts do not have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.importers.gitops import INPUTS, lint, needs_inputs

from convoy.manifest.catalog import Catalog
from convoy.manifest.importers.backstage import import_backstage
from convoy.manifest.importers.base import Imported, ImportFailed, Options

EXAMPLES = INPUTS / "backstage-catalog" / "packages" / "catalog-model" / "examples"


def entity(name: str, spec: str = "type: service", kind: str = "Component", meta: str = "") -> str:
    """An entity; ``spec`` and ``meta`` are the inside of a YAML mapping."""
    more = f", {meta}" if meta else ""
    head = f"---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}{more}}}"
    return f"{head}\nspec: {{{spec}}}\n"


def imported(folder: Path, files: Mapping[str, str] | str, version: str | None = None) -> Imported:
    """These files imported, every one of the folder."""
    for name, text in ({"catalog-info.yaml": files} if isinstance(files, str) else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return import_backstage([folder], Options(api_version=version))


def loaded(result: Imported, folder: Path) -> Catalog:
    """What the lint reads from what was imported, without an error."""
    return lint(result, folder).catalog


def said(result: Imported, *but: str) -> list[tuple[str, str]]:
    """Severity and code of every finding."""
    return [(finding.severity, finding.code) for finding in result.findings if finding.code not in but]


def document(result: Imported, name: str) -> dict[str, Any]:
    """The Component document of a name."""
    return next(d for d in result.documents if d["kind"] == "Component" and d["name"] == name)


@pytest.mark.parametrize("written", ["component:db", "Component:default/DB", "{kind: component, name: db}"])
def test_a_reference_may_be_written_in_several_ways(tmp_path: Path, written: str) -> None:
    """Upper and lower case do not count, and the namespace is that of the entity."""
    written = written if written.startswith("{") else f"'{written}'"
    result = imported(tmp_path, entity("web", f"dependsOn: [{written}]") + entity("db"))
    assert result.pairs == {("component:web", "component:db")}
    assert said(result) == []


def test_a_reference_stays_in_the_namespace_of_its_entity(tmp_path: Path) -> None:
    """An entity of the same name in another namespace is not meant."""
    files = entity("web", "dependsOn: ['component:db']", meta="namespace: shop") + entity("db", meta="namespace: shop")
    result = imported(tmp_path / "in", files + entity("db"))
    assert result.pairs == {("component:shop/web", "component:shop/db")}
    assert sorted(loaded(result, tmp_path / "out").components) == ["component-db", "component-shop-db", "web"]


def test_resources_are_components_too(tmp_path: Path) -> None:
    """A database is something that others need; dependencyOf is dependsOn from the other end."""
    files = entity("web", "dependsOn: ['resource:db']") + entity("db", "dependencyOf: ['component:job']", "Resource")
    result = imported(tmp_path / "in", files + entity("job"))
    assert result.pairs == {("component:web", "resource:db"), ("component:job", "resource:db")}
    components = loaded(result, tmp_path / "out").components
    assert [dependency.name for dependency in components["job"].depends_on] == ["db"]
    assert components["db"].labels == {"backstage.kind": "resource"}


def test_what_is_known_of_a_component_is_carried_over(tmp_path: Path) -> None:
    """Owner, description, system, type, lifecycle, tags, labels, and a link that is a runbook."""
    meta = (
        "description: A shop, labels: {tier: gold}, tags: [java, web], "
        "links: [{url: 'https://example.com/x'}, {url: 'https://example.com/run', title: Our Runbook}]"
    )
    spec = "type: website, lifecycle: production, owner: 'group:shop', system: store"
    system = entity("Store", "owner: shop", "System", "description: All of it")
    catalog = loaded(imported(tmp_path / "in", entity("web", spec, meta=meta) + system), tmp_path / "out")
    web = catalog.components["web"]
    assert (web.description, web.owner, web.system, web.runbook) == (
        "A shop",
        "group:shop",
        "store",
        "https://example.com/run",
    )
    assert web.labels == {
        "tier": "gold",
        "backstage.type": "website",
        "backstage.lifecycle": "production",
        "backstage.tags": "java,web",
    }
    assert (catalog.systems["store"].description, catalog.systems["store"].owner) == ("All of it", "shop")


APIS = (
    entity("web", "consumesApis: [pay]")
    + entity("payment", "providesApis: [pay]")
    + entity("pay", "type: openapi", "API")
)


def test_a_consumed_api_is_a_dependency_and_its_missing_version_is_said(tmp_path: Path) -> None:
    """A version that was made up would prove what nobody has checked. The hint has the lines to write."""
    result = imported(tmp_path / "in", APIS)
    assert result.pairs == {("component:web", "component:payment")}
    (finding,) = [finding for finding in result.findings if finding.code == "no-version"]
    assert (finding.severity, finding.location) == ("warning", f"{tmp_path}/in/catalog-info.yaml:5:23")
    assert "provides: {pay: VERSION} in payment" in finding.hint
    assert "consumes: {pay: ^VERSION} in web" in finding.hint
    components = loaded(result, tmp_path / "out").components
    assert [dependency.name for dependency in components["web"].depends_on] == ["payment"]
    assert (components["payment"].provides, components["web"].consumes) == ({}, {})


def test_with_a_version_for_all_apis_the_contract_is_imported(tmp_path: Path) -> None:
    """And no order is made of it: the contract has one."""
    result = imported(tmp_path / "in", APIS, version="2")
    assert (result.edges, said(result, "left-out")) == ((), [])
    components = loaded(result, tmp_path / "out").components
    assert components["payment"].provides == {"pay": "2"}
    assert components["web"].consumes["pay"].range == "^2"
    assert components["web"].depends_on == []


def test_a_version_that_is_none_is_an_error(tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ImportFailed, match="bad-version"):
        imported(tmp_path, APIS, version="latest")


def test_services_that_consume_each_other_have_no_order(tmp_path: Path) -> None:
    """A call both ways is normal, so it is not made into a cycle of dependencies; declared ones are errors."""
    apis = entity("a-api", kind="API") + entity("b-api", kind="API")
    calls = entity("a", "providesApis: [a-api], consumesApis: [b-api]") + entity(
        "b", "providesApis: [b-api], consumesApis: [a-api]"
    )
    result = imported(tmp_path / "calls", apis + calls)
    assert (result.pairs, result.errors) == (frozenset(), ())
    assert said(result, "no-version", "left-out") == [("warning", "mutual-calls")] * 2
    declared = entity("a", "dependsOn: ['component:b']") + entity("b", "dependsOn: ['component:a']")
    assert [finding.code for finding in imported(tmp_path / "declared", declared).errors] == ["dependency-cycle"]


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        (entity("x", "consumesApis: [pay]") + entity("pay", kind="API"), ("warning", "no-provider")),
        (entity("x", "consumesApis: [pay], providesApis: [pay]") + entity("pay", kind="API"), ("note", "own-api")),
        (entity("x", "providesApis: [pay]") + entity("pay", kind="API"), ("note", "not-consumed")),
        (entity("x", "consumesApis: [pay]"), ("error", "dangling-reference")),
        (entity("x", "providesApis: [pay]"), ("error", "dangling-reference")),
        (entity("x", "dependsOn: ['component:y']"), ("error", "dangling-reference")),
        (entity("x", "dependencyOf: ['component:y']"), ("error", "dangling-reference")),
        (entity("x", "subcomponentOf: y"), ("error", "dangling-reference")),
        (entity("x", "system: y"), ("error", "dangling-reference")),
        (entity("x", "dependsOn: ['component:x']"), ("error", "dependency-cycle")),
        (entity("x", "dependsOn: [web]"), ("warning", "kind-guessed")),
        (entity("x", "dependsOn: ['system:s']"), ("warning", "not-deployable")),
        (entity("x", "subcomponentOf: web"), ("warning", "subcomponent")),
        (entity("x", "dependsOn: web"), ("error", "bad-reference")),
        (entity("x", "dependsOn: ['component:a/b/c', '']"), ("error", "bad-reference")),
        (entity("x", "implementsApis: [y]"), ("note", "left-out")),
        (entity("x", meta="annotations: {a: b}"), ("note", "left-out")),
        (entity("team", kind="Group"), ("note", "left-out")),
        (entity("X_1"), ("note", "renamed")),
        (entity("web"), ("warning", "duplicate-entity")),
        (entity("web", "type: other"), ("error", "duplicate-entity")),
        (entity("''"), ("error", "no-name")),
        (entity("'${{ values.name }}'"), ("warning", "no-name")),
        ("---\nkind: Deployment\n", ("note", "other-documents")),
        (entity("l", "target: ./missing.yaml", "Location"), ("error", "dangling-reference")),
        (entity("l", "targets: ['https://example.com/x.yaml']", "Location"), ("warning", "remote-location")),
    ],
)
def test_what_cannot_be_carried_over_is_said(tmp_path: Path, files: str, finding: tuple[str, str]) -> None:
    """Nothing is lost silently, and the rest is imported and passes the lint."""
    result = imported(tmp_path / "in", entity("web") + files)
    assert finding in set(said(result))
    assert {severity for severity, _ in said(result) if severity != "note"} <= {finding[0]}
    assert "web" in loaded(result, tmp_path / "out").components


def test_several_providers_of_one_api_are_not_chosen_from(tmp_path: Path) -> None:
    """Without a version the consumer depends on all of them; with one the reader has to say which is meant."""
    files = APIS + entity("payment-2", "providesApis: [pay]")
    assert imported(tmp_path / "in", files).pairs == {
        ("component:web", "component:payment"),
        ("component:web", "component:payment-2"),
    }
    result = imported(tmp_path / "in", files, version="1")
    assert said(result, "left-out") == [("warning", "several-providers")]
    assert "consumes" not in document(result, "web")


def test_a_location_is_followed_and_no_file_is_read_twice(tmp_path: Path) -> None:
    """From file to file, also in a circle."""
    files = {
        "all.yaml": entity("all", "targets: [./more/one.yaml, ./all.yaml]", "Location"),
        "more/one.yaml": entity("one") + entity("two", "target: two.yaml", "Location"),
        "more/two.yaml": entity("two", "dependsOn: ['component:one']")
        + entity("back", "target: ../all.yaml", "Location"),
    }
    imported(tmp_path, files)
    result = import_backstage([tmp_path / "all.yaml", tmp_path / "more"], Options())
    assert sorted(result.nodes) == ["component:one", "component:two"]
    assert said(result) == []


def test_a_tree_without_components_is_an_error(tmp_path: Path) -> None:
    """Nothing to import is not a success."""
    with pytest.raises(ImportFailed, match="no Backstage Component or Resource among 2 documents"):
        imported(tmp_path, entity("team", kind="Group") + "---\nkind: Deployment\n")


GRAPH = st.dictionaries(st.integers(0, 5), st.sets(st.integers(0, 5), max_size=3), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(graph=GRAPH)
def test_imported_calls_never_close_a_cycle(
    tmp_path_factory: pytest.TempPathFactory, graph: dict[int, set[int]]
) -> None:
    """Whatever calls whatever: what is left has an order, and each call that is left out is said."""
    texts = []
    for node in sorted(graph):
        apis = ", ".join(f"api-{other}" for other in sorted(graph[node]) if other in graph)
        texts.append(entity(f"n{node}", f"providesApis: [api-{node}], consumesApis: [{apis}]"))
        texts.append(entity(f"api-{node}", kind="API"))
    result = imported(tmp_path_factory.mktemp("calls"), "".join(texts))
    assert result.errors == ()
    left = set(result.pairs)
    while left:
        free = {pair for pair in left if pair[1] not in {dependent for dependent, _ in left}}
        assert free, "a cycle"
        left -= free
    wanted = sum(other in graph and other != node for node, others in graph.items() for other in others)
    assert len(result.pairs) + [f.code for f in result.findings].count("mutual-calls") == wanted


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "web", "component:db", "resource:db", "Web App", "api", "a:b/c", "https://example.com"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "namespace",
                    "labels",
                    "tags",
                    "links",
                    "url",
                    "title",
                    "dependsOn",
                    "dependencyOf",
                    "providesApis",
                    "consumesApis",
                    "system",
                    "owner",
                    "subcomponentOf",
                    "kind",
                    "targets",
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
        {"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": metadata, "spec": spec},
        {"apiVersion": "backstage.io/v1alpha1", "kind": "Resource", "metadata": {"name": "db"}, "spec": spec},
        {"apiVersion": "backstage.io/v1alpha1", "kind": "API", "metadata": {"name": "web"}, "spec": other},
        {"apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": metadata, "spec": other},
        {"apiVersion": "backstage.io/v1alpha1", "kind": "System", "metadata": {"name": "web"}, "spec": other},
        other,
    ]
    text = "---\n".join(yaml.safe_dump(found) for found in objects)
    try:
        result = imported(folder / "in", text)
    except ImportFailed as error:
        assert error.findings
    else:
        loaded(result, folder / "out")


@needs_inputs
def test_the_examples_of_backstage_have_as_many_entities_as_were_counted(tmp_path: Path) -> None:
    """Read as a folder, or from the Locations, which name every file: the same."""
    result = import_backstage([EXAMPLES], Options())
    kinds = Counter(node.partition(":")[0] for node in result.nodes)
    assert kinds == {"component": 13, "api": 7, "system": 3, "resource": 1}
    details = Counter(edge.detail.partition(" ")[0] for edge in result.edges)
    assert details == {"dependsOn": 1, "consumesApis": 1}
    codes = [finding.code for finding in result.findings]
    assert (codes.count("subcomponent"), codes.count("not-consumed")) == (2, 4)
    by_location = import_backstage(sorted(EXAMPLES.glob("all-*.yaml")), Options())
    assert sorted(by_location.nodes) == sorted(result.nodes)
    assert (
        by_location.pairs
        == result.pairs
        == {
            ("component:artist-lookup", "resource:artists-db"),
            ("component:wayback-search", "component:wayback-archive"),
        }
    )
    catalog = loaded(result, tmp_path / "out")
    assert (len(catalog.components), len(catalog.systems)) == (14, 3)


@needs_inputs
def test_a_real_mistake_in_the_examples_is_found() -> None:
    """Two entities in one document, as the line between them is missing; every key of the second is reported."""
    result = import_backstage([EXAMPLES], Options())
    file = EXAMPLES / "components" / "wayback-search-component.yaml"
    places = [finding.location for finding in result.errors]
    assert {finding.code for finding in result.errors} == {"duplicate-key"}
    assert [re.sub(rf"^{re.escape(str(file))}:", "", place) for place in places] == ["17:1", "18:1", "19:1", "24:1"]


@needs_inputs
def test_provided_apis_are_imported_with_a_version() -> None:
    """Three of the pet store, and one each of two others."""
    result = import_backstage([EXAMPLES], Options(api_version="1"))
    provided = {d["name"]: sorted(d["provides"]) for d in result.documents if "provides" in d}
    assert provided == {
        "petstore": ["hello-world", "petstore", "streetlights"],
        "wayback-archive": ["wayback-archive"],
        "wayback-search": ["wayback-search"],
    }
    assert document(result, "wayback-search")["consumes"] == {"wayback-archive": "^1"}


@needs_inputs
def test_a_consumer_without_a_provider_in_a_real_catalog_is_said(tmp_path: Path) -> None:
    """The API exists, but nothing says that it provides it."""
    result = import_backstage([INPUTS / "backstage-catalog" / "backstage-demo"], Options())
    assert said(result, "left-out") == [("warning", "no-provider")]
    assert list(loaded(result, tmp_path / "out").components) == ["backstage-demo"]
