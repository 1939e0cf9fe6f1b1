"""Helmfile: which releases become components, what their needs mean, and what templates hide."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from tests.manifest.importers.graphs import assert_accepted, found

from convoy.manifest.importers.base import Imported, ImportFailed, Options
from convoy.manifest.importers.helmfile import import_helmfile


def helmfile(folder: Path, text: str, **others: str) -> Imported:
    """Import a helmfile.yaml; others are more files, by name without the suffix."""
    for name, content in {"helmfile": text, **others}.items():
        path = folder / f"{name}.yaml"
        path.write_text(textwrap.dedent(content))
    return import_helmfile([folder / "helmfile.yaml"], Options())


def pairs(imported: Imported) -> list[str]:
    """The dependencies, as text."""
    return sorted(f"{edge.dependent} -> {edge.dependency}" for edge in imported.edges)


def test_needs_are_dependencies_in_all_their_forms(tmp_path: Path) -> None:
    """What a reference leaves out is as for the release that has it; a context may have slashes in its name."""
    imported = helmfile(
        tmp_path,
        """
        releases:
          - {name: db, namespace: data, chart: repo/db, version: 1.2.3}
          - {name: cache, namespace: shop, chart: repo/cache}
          - {name: far, namespace: data, kubeContext: "arn:eks/far", chart: repo/far}
          - {name: bare, kubeContext: other, chart: repo/bare}
          - name: api
            namespace: shop
            chart: repo/api
            needs: [data/db, cache, "arn:eks/far/data/far", other//bare]
        """,
    )
    assert pairs(imported) == ["api -> bare", "api -> cache", "api -> db", "api -> far"]
    assert imported.errors == ()
    api = next(d for d in imported.documents if d["name"] == "api")
    assert api["labels"] == {"chart": "repo/api", "namespace": "shop"}
    assert_accepted(imported, tmp_path / "out")


def test_a_reference_without_a_context_means_the_own_one(tmp_path: Path) -> None:
    """Equal releases in two clusters do not get mixed up; the default of the file counts for those that name none."""
    imported = helmfile(
        tmp_path,
        """
        helmDefaults: {kubeContext: east}
        releases:
          - {name: db, namespace: data, chart: db}
          - {name: db, namespace: data, kubeContext: west, chart: db}
          - {name: api, namespace: data, kubeContext: west, chart: api, needs: [data/db]}
          - {name: web, namespace: data, chart: web, needs: [db]}
        """,
    )
    assert pairs(imported) == ["api -> west/data/db", "web -> east/data/db"]
    assert imported.errors == ()


def test_a_need_that_leads_nowhere_is_an_error_at_its_place(tmp_path: Path) -> None:
    """Also one into the wrong namespace: Helmfile does not guess, and neither is it guessed here."""
    imported = helmfile(
        tmp_path,
        """\
        releases:
          - {name: db, namespace: data, chart: db}
          - name: api
            chart: api
            needs:
              - db
              - data/dbb
        """,
    )
    assert found(imported, "dangling-reference") == [
        "error helmfile.yaml:6:9 api depends on db (in no namespace), which is not among what was read",
        "error helmfile.yaml:7:9 api depends on data/dbb, which is not among what was read",
    ]


def test_a_namespace_or_context_for_the_whole_file_counts_for_every_release(tmp_path: Path) -> None:
    """As the one of the file wins, a reference to another one leads nowhere."""
    imported = helmfile(
        tmp_path,
        """
        namespace: all
        kubeContext: here
        releases:
          - {name: db, namespace: data, kubeContext: there, chart: db}
          - {name: api, chart: api, needs: [here/all/db]}
          - {name: web, chart: web, needs: [data/db, there/all/db]}
        """,
    )
    assert pairs(imported) == ["api -> db", "web -> data/db", "web -> there/all/db"]
    assert len(imported.errors) == 2


def test_a_cycle_of_needs_is_an_error(tmp_path: Path) -> None:
    """With the place of every reference in it."""
    text = """\
        releases:
          - {name: a, chart: a, needs: [b]}
          - {name: b, chart: b, needs: [a]}
          - {name: c, chart: c, needs: [c]}
        """
    assert found(helmfile(tmp_path, text), "dependency-cycle") == [
        "error helmfile.yaml:2:33 a cycle of dependencies: a -> b -> a",
        "error helmfile.yaml:4:33 c depends on itself",
    ]


def test_equal_names_are_told_apart_and_equal_releases_are_an_error(tmp_path: Path) -> None:
    """By their namespaces."""
    imported = helmfile(
        tmp_path,
        """
        releases:
          - {name: db, namespace: one, chart: db}
          - {name: db, namespace: two, chart: db}
          - {name: db, namespace: two, chart: other}
          - {name: api, namespace: two, chart: api, needs: [db, one/db, db]}
        """,
    )
    assert imported.nodes == ("one/db", "two/db", "api")
    assert pairs(imported) == ["api -> one/db", "api -> two/db"]
    assert [finding.code for finding in imported.errors] == ["duplicate-release"]
    assert len(found(imported, "duplicate-reference")) == 1
    assert_accepted(imported, tmp_path / "out")


def test_a_release_that_is_not_installed_is_left_out(tmp_path: Path) -> None:
    """Who needs it is told; a condition is only a warning, as its value is not known."""
    imported = helmfile(
        tmp_path,
        """
        releases:
          - {name: old, chart: old, installed: false}
          - {name: maybe, chart: maybe, condition: maybe.enabled}
          - {name: api, chart: api, needs: [old, maybe]}
        """,
    )
    assert imported.nodes == ("maybe", "api")
    assert pairs(imported) == ["api -> maybe"]
    assert [line.split()[0] for line in found(imported, "not-installed")] == ["note", "warning"]
    assert ["maybe.enabled" in line for line in found(imported, "condition")] == [True]
    assert imported.errors == ()


def test_included_helmfiles_come_first(tmp_path: Path) -> None:
    """By path and by pattern; references across files are resolved."""
    (tmp_path / "parts").mkdir()
    for name in ("b", "a"):
        (tmp_path / "parts" / f"{name}.yaml").write_text(f"releases: [{{name: {name}, chart: {name}}}]\n")
    imported = helmfile(
        tmp_path,
        """
        helmfiles:
          - path: base.yaml
            selectors: [tier=base]
          - parts/*.yaml
        releases:
          - {name: api, chart: api, needs: [db, a]}
        """,
        base="releases: [{name: db, chart: db}]",
    )
    assert imported.nodes == ("db", "a", "b", "api")
    assert pairs(imported) == ["api -> a", "api -> db"]
    assert len(found(imported, "selectors")) == 1


def test_what_helmfile_build_prints_is_not_included_again(tmp_path: Path) -> None:
    """It has the releases of the included files in documents of their own, and still names the files."""
    built = """
        filepath: base.yaml
        releases: [{name: db, chart: db}]
        ---
        filepath: helmfile.yaml
        helmfiles: [{path: base.yaml}]
        releases: [{name: api, chart: api, needs: [db]}]
        """
    imported = helmfile(tmp_path, built, base="releases: [{name: db, chart: db}]")
    assert pairs(imported) == ["api -> db"]
    assert imported.errors == ()


def test_includes_that_go_in_a_circle_nowhere_or_far_away_are_errors(tmp_path: Path) -> None:
    """Each at its entry."""
    imported = helmfile(
        tmp_path,
        """\
        helmfiles:
          - helmfile.yaml
          - none.yaml
          - git::https://example.com/x@helmfile.yaml
          - "{{ .Values.more }}"
        releases: [{name: api, chart: api}]
        """,
    )
    assert [(f.code, f.location.rpartition("/")[2]) for f in imported.errors] == [
        ("include-cycle", "helmfile.yaml:2:5"),
        ("dangling-reference", "helmfile.yaml:3:5"),
        ("include", "helmfile.yaml:4:5"),
        ("include", "helmfile.yaml:5:5"),
    ]


def test_a_file_that_is_no_yaml_before_it_is_rendered_is_an_error(tmp_path: Path) -> None:
    """At its place, with what to do; other files are read all the same."""
    templated = "releases:\n{{ range .Values.apps }}\n  - name: {{ . }}\n{{ end }}\n"
    imported = helmfile(tmp_path, "helmfiles: [t.yaml]\nreleases: [{name: api, chart: api}]", t=templated)
    [finding] = imported.errors
    assert finding.code == "templated"
    assert finding.location.rpartition("/")[2].startswith("t.yaml:")
    assert "the first in line 2" in finding.message
    assert "helmfile build" in finding.hint
    assert imported.nodes == ("api",)


def test_templates_in_values_are_warnings_where_the_value_matters(tmp_path: Path) -> None:
    """And errors where a dependency or a name is lost."""
    imported = helmfile(
        tmp_path,
        """\
        releases:
          - {name: db, namespace: "{{ .Namespace }}", chart: db, version: "{{ .V }}", installed: "{{ .On }}"}
          - {name: api, namespace: shop, chart: "{{ .Chart }}", needs: [db, "{{ .Other }}"]}
          - {name: "{{ .Name }}", chart: x}
        """,
    )
    templated = found(imported, "templated")
    assert [line.split()[0:2] for line in templated] == [
        ["warning", "helmfile.yaml:2:16"],
        ["warning", "helmfile.yaml:2:58"],
        ["warning", "helmfile.yaml:2:79"],
        ["error", "helmfile.yaml:3:69"],
        ["warning", "helmfile.yaml:4:6"],
    ]
    assert pairs(imported) == ["api -> db"]
    assert len(found(imported, "namespace-guessed")) == 1
    assert [finding.code for finding in imported.errors] == ["templated", "no-name"]


@pytest.mark.parametrize(
    ("version", "expected"), [("1.2.3", ["1.2.3"]), ("~1.2", None), (">=1 <2", None), ("v2.0.0", ["v2.0.0"])]
)
def test_the_version_of_a_chart_counts_only_if_it_is_one(
    tmp_path: Path, version: str, expected: list[str] | None
) -> None:
    """A range says what may be installed, not what is."""
    imported = helmfile(tmp_path, f"releases: [{{name: a, chart: a, version: '{version}'}}]")
    [document] = imported.documents
    assert (list(document["versions"]) if "versions" in document else None) == expected
    assert len(found(imported, "no-version")) == (expected is None)


def test_what_is_not_read_is_reported(tmp_path: Path) -> None:
    """Environments, bases, templates, inherited settings, and how a release is installed."""
    imported = helmfile(
        tmp_path,
        """
        bases: [common.yaml]
        environments: {prod: {values: [a.yaml]}, test: {}}
        templates: {default: {wait: true}}
        releases:
          - {name: api, chart: api, inherit: [{template: default}], values: [v.yaml], wait: true}
        """,
    )
    assert ["prod, test" in line for line in found(imported, "environments")] == [True]
    assert len([line for line in found(imported, "not-carried") if line.startswith("warning")]) == 3
    assert any("(inherit, values, wait)" in line for line in found(imported, "not-carried"))


def test_a_folder_stands_for_its_helmfile(tmp_path: Path) -> None:
    """Or for the files in its helmfile.d, in order."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "helmfile.yaml").write_text("releases: [{name: a, chart: a}]\n")
    (tmp_path / "two" / "helmfile.d").mkdir(parents=True)
    (tmp_path / "two" / "helmfile.d" / "02.yaml").write_text("releases: [{name: c, chart: c, needs: [b]}]\n")
    (tmp_path / "two" / "helmfile.d" / "01.yaml").write_text("releases: [{name: b, chart: b}]\n")
    imported = import_helmfile([tmp_path / "one", tmp_path / "two"], Options())
    assert imported.nodes == ("a", "b", "c")


def test_no_release_fails_the_import(tmp_path: Path) -> None:
    """With every reason."""
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportFailed) as failed:
        import_helmfile([tmp_path / "none.yaml", tmp_path / "list.yaml", tmp_path / "empty"], Options())
    codes = {finding.code for finding in failed.value.findings}
    assert codes == {"nothing-found", "not-helmfile", "unreadable", "no-files"}
