"""Compose files: variables, versions, what is lost, and real files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.manifest.importers.composing import component, compose, edges
from tests.manifest.importers.graphs import assert_accepted, found, real, shape

from convoy.manifest.importers.base import ImportFailed, Options
from convoy.manifest.importers.compose import import_compose

OTEL = ("compose.yaml", "compose.full.yaml", "compose.observability.yaml", "compose.agent.yaml", "compose.extras.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A/x", "a/x"),
        ("${A}-${E:-d}", "a-d"),
        ("${E-d}x", "x"),
        ("${N-d}", "d"),
        ("${N:-${E:-${A}}}", "a"),
        ("${A:+yes}${E:+no}${E+is}", "yesis"),
        ("$$A", "$A"),
    ],
)
def test_variables_in_all_their_forms(tmp_path: Path, text: str, expected: str) -> None:
    """A is set, E is set and empty, N is not set."""
    (tmp_path / "vars").write_text("# values\nexport A='a'\nE=\nB=${A}b # comment\n")
    imported = compose(tmp_path, f"services: {{s: {{image: '{text}'}}}}", env_files=(tmp_path / "vars",))
    assert component(imported, "s")["labels"]["image"] == expected
    assert found(imported, "variable") == []


def test_a_variable_that_is_not_set_is_reported(tmp_path: Path) -> None:
    """As an error with the file's own words where the file demands it, else as a warning, once."""
    imported = compose(
        tmp_path,
        """\
        services:
          a: {image: "a:${TAG}${TAG}"}
          b: {image: "b:${NEEDED:?set it}"}
          c: {image: "c:${TAG}", depends_on: [a]}
          d: {image: "d:${"}
        """,
    )
    assert found(imported, "variable") == [
        "warning 1.yaml:2:14 the variable TAG is not set; it counts as empty",
        "error 1.yaml:3:14 the variable NEEDED is needed and not set: set it",
        "error 1.yaml:5:14 'd:${' has a $ that no name of a variable follows",
    ]


def test_the_environment_of_the_process_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files give the same manifests everywhere."""
    monkeypatch.setenv("SECRET_TAG", "1.2.3")
    imported = compose(tmp_path, "services: {a: {image: 'a:${SECRET_TAG:-none}'}}")
    assert component(imported, "a")["labels"]["image"] == "a:none"


@pytest.mark.parametrize(
    ("tag", "versions", "scheme", "codes"),
    [
        (":1.4.2", ["1.4.2"], None, []),
        (":v2.0.0-rc.1", ["v2.0.0-rc.1"], None, []),
        (":7.2-alpine", ["7.2"], None, ["guessed-version"]),
        (":24.04", ["24.04"], "calver", ["guessed-scheme"]),
        (":latest", None, None, ["no-version"]),
        ("", None, None, ["no-version"]),
        (":1.4.2@sha256:00", ["1.4.2"], None, []),
        ("@sha256:00", None, None, ["no-version"]),
    ],
)
def test_a_tag_is_a_version_only_where_a_scheme_says_so(
    tmp_path: Path, tag: str, versions: list[str] | None, scheme: str | None, codes: list[str]
) -> None:
    """A registry's port is no tag. What was guessed, or not understood, is said."""
    imported = compose(tmp_path, f"services: {{s: {{image: 'registry.example:5000/team/s{tag}'}}}}")
    document = component(imported, "s")
    assert document["labels"]["image"] == f"registry.example:5000/team/s{tag}"
    assert (list(document["versions"]) if "versions" in document else None) == versions
    assert document.get("versionScheme") == scheme
    assert [f.code for f in imported.findings if "version" in f.code or "scheme" in f.code] == codes
    assert_accepted(imported, tmp_path / "out")


def test_what_a_service_runs_is_reported_as_lost(tmp_path: Path) -> None:
    """With the keys by name, and how many replicas."""
    text = "services:\n  s: {image: s, ports: ['1'], environment: {A: b}, deploy: {replicas: 3}}\n"
    assert found(compose(tmp_path, text), "not-carried") == [
        "note 1.yaml:2:3 what s runs, with 3 replicas, is not carried over (deploy, environment, ports)"
    ]


def test_the_project_name_becomes_a_system_and_odd_names_are_changed(tmp_path: Path) -> None:
    """Changed names are reported, and references follow them."""
    imported = compose(
        tmp_path, "name: my_shop\nservices: {web_app: {image: w, depends_on: [db], labels: [a=b, c]}, db: {image: d}}"
    )
    assert imported.documents[0] == {"apiVersion": "convoy/v1", "kind": "System", "name": "my-shop"}
    assert component(imported, "web-app")["system"] == "my-shop"
    assert component(imported, "web-app")["labels"] == {"image": "w", "a": "b", "c": ""}
    assert len(found(imported, "renamed")) == 2
    assert_accepted(imported, tmp_path / "out")


def test_what_is_not_understood_is_an_error(tmp_path: Path) -> None:
    """Not a pass: an unknown condition, a required that is no truth value, services that are no mapping."""
    imported = compose(
        tmp_path,
        """\
        services:
          a:
            image: a
            depends_on:
              b: {condition: service_happy}
              c: {required: perhaps}
          b: {image: b}
          c: {image: c}
          d: [x]
        """,
    )
    assert [(f.code, f.location.rpartition("/")[2]) for f in imported.errors] == [
        ("unknown-condition", "1.yaml:5:7"),
        ("not-compose", "1.yaml:6:7"),
        ("not-compose", "1.yaml:9:3"),
    ]
    assert edges(imported) == ["a -> b", "a -> c"]


def test_files_that_cannot_be_read_fail_the_import(tmp_path: Path) -> None:
    """Nothing at all could be read; with one good file beside it, it is an error among the findings."""
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(ImportFailed) as failed:
        import_compose([tmp_path / "none.yaml", tmp_path / "list.yaml"], Options())
    assert [finding.code for finding in failed.value.findings] == ["not-compose", "unreadable"]
    (tmp_path / "good.yaml").write_text("services: {a: {image: a}}\n")
    imported = import_compose([tmp_path / "good.yaml", tmp_path / "none.yaml"], Options())
    assert (imported.nodes, [finding.code for finding in imported.errors]) == (("a",), ["unreadable"])


@pytest.mark.parametrize(
    ("folder", "files", "expected", "options"),
    [
        ("opentelemetry-demo", OTEL, (31, 65, 9), {}),
        ("robot-shop", ("docker-compose.yaml",), (12, 12, 2), {}),
        ("robot-shop", ("docker-compose.yaml", "docker-compose-load.yaml"), (13, 13, 3), {}),
        ("temporal-compose", ("docker-compose-multirole.yaml",), (15, 14, 8), {}),
        ("temporal-compose", ("samples-server/docker-compose-multirole.yaml",), (17, 16, 9), {}),
        ("airflow-compose", ("structural_extract.yml",), (10, 23, 3), {"all_profiles": True}),
        ("airflow-compose", ("structural_extract.yml",), (8, 18, 3), {}),
    ],
)
def test_real_files(
    tmp_path: Path, folder: str, files: tuple[str, ...], expected: tuple[int, int, int], options: dict[str, Any]
) -> None:
    """Projects of others have the nodes, dependencies and depth that were counted by hand, and no error."""
    place = real(folder)
    if (place / "dot-env").is_file():
        options = {**options, "env_files": (place / "dot-env",)}
    imported = import_compose([place / file for file in files], Options(**options))
    assert shape(imported) == expected
    assert imported.errors == ()
    assert_accepted(imported, tmp_path / "out")


def test_a_real_overlay_alone_names_what_is_missing() -> None:
    """Four services of other files, each at the line that refers to it."""
    place = real("opentelemetry-demo")
    imported = import_compose([place / "compose.agent.yaml"], Options(env_files=(place / "dot-env",)))
    assert [line.split(", ")[0] for line in found(imported, "dangling-reference")] == [
        "error compose.agent.yaml:51:7 agent depends on otel-collector",
        "error compose.agent.yaml:53:7 agent depends on product-catalog",
        "error compose.agent.yaml:86:7 mcp depends on frontend",
        "error compose.agent.yaml:122:7 chatbot depends on opamp-server",
    ]


def test_a_real_one_shot_job_is_needed_only_at_the_start() -> None:
    """And it has dependencies of its own, which come by a merge key alone."""
    place = real("airflow-compose")
    imported = import_compose([place / "structural_extract.yml"], Options(all_profiles=True))
    assert {edge.dependency for edge in imported.edges if edge.startup} == {"airflow-init"}
    assert {edge.dependency for edge in imported.edges if edge.dependent == "airflow-init"} == {"redis", "postgres"}
