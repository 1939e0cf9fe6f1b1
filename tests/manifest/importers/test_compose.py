"""Compose files: which services become components, what depends on what, and what is reported."""

from __future__ import annotations

from pathlib import Path

from tests.manifest.importers.composing import component, compose, edges
from tests.manifest.importers.graphs import assert_accepted, found

OTEL = ("compose.yaml", "compose.full.yaml", "compose.observability.yaml", "compose.agent.yaml", "compose.extras.yaml")


def test_both_forms_of_depends_on_and_every_condition(tmp_path: Path) -> None:
    """A job that has to be finished is needed only at the start."""
    imported = compose(
        tmp_path,
        """
        services:
          web: {image: web, depends_on: [api]}
          api:
            image: api
            depends_on:
              db: {condition: service_healthy}
              migrate: {condition: service_completed_successfully}
              cache: {condition: service_started, required: false}
          db: {image: db}
          cache: {image: cache}
          migrate: {image: api, depends_on: [db]}
        """,
    )
    assert edges(imported) == [
        "api -> cache optional",
        "api -> db",
        "api -> migrate at start",
        "migrate -> db",
        "web -> api",
    ]
    assert component(imported, "api")["dependsOn"] == [
        "db",
        {"name": "migrate", "startup": True},
        {"name": "cache", "required": False},
    ]
    assert imported.errors == ()
    assert_accepted(imported, tmp_path / "out")


def test_what_implies_a_dependency(tmp_path: Path) -> None:
    """Links, shared volumes and shared namespaces; containers of others are reported."""
    imported = compose(
        tmp_path,
        """
        services:
          a: {image: a, links: ["b:alias"], volumes_from: ["c:ro", "container:old"], network_mode: "service:d"}
          b: {image: b, pid: "service:c", ipc: "container:other", external_links: ["legacy:db"]}
          c: {image: c}
          d: {image: d, network_mode: host}
        """,
    )
    assert edges(imported) == ["a -> b", "a -> c", "a -> d", "b -> c"]
    assert len([line for line in found(imported, "not-carried") if line.startswith("warning")]) == 3


def test_a_reference_that_leads_nowhere_is_an_error_at_its_place(tmp_path: Path) -> None:
    """All of them, in order, and the manifests can be used without them."""
    imported = compose(
        tmp_path,
        """\
        services:
          web:
            image: web
            depends_on:
              apii: {condition: service_started}
            links: [gone]
          api: {image: api}
        """,
    )
    assert found(imported, "dangling-reference") == [
        "error 1.yaml:5:7 web depends on apii, which is not among what was read",
        "error 1.yaml:6:13 web depends on gone, which is not among what was read",
    ]
    assert_accepted(imported, tmp_path / "out")


def test_a_cycle_is_an_error_with_every_place(tmp_path: Path) -> None:
    """Also a service that depends on itself."""
    text = """\
        services:
          a: {image: a, depends_on: [b]}
          b: {image: b, depends_on: [a]}
          c: {image: c, depends_on: [c]}
        """
    imported = compose(tmp_path, text)
    assert found(imported, "dependency-cycle") == [
        "error 1.yaml:2:30 a cycle of dependencies: a -> b -> a",
        "error 1.yaml:4:30 c depends on itself",
    ]


def test_a_service_of_an_inactive_profile_is_left_out_with_a_note(tmp_path: Path) -> None:
    """With the profile it is in; who needs it without is told how."""
    text = """\
        services:
          web: {image: web, depends_on: [debugger]}
          debugger: {image: debug, profiles: [debug, trace]}
        """
    without = compose(tmp_path, text)
    assert without.nodes == ("web",)
    assert found(without, "inactive-profile") == [
        "error 1.yaml:2:34 web depends on debugger, whose profile debug is not imported",
        "note 1.yaml:3:3 debugger is left out: it belongs to the profile debug or trace",
    ]
    for options in ({"profiles": ("trace",)}, {"all_profiles": True}, {"profiles": ("*",)}):
        assert edges(compose(tmp_path, text, **options)) == ["web -> debugger"]
    assert compose(tmp_path, text, profiles=("other",)).nodes == ("web",)


def test_later_files_change_services_of_earlier_ones(tmp_path: Path) -> None:
    """Lists and mappings of dependencies add up, other values are replaced; an empty file changes nothing."""
    imported = compose(
        tmp_path,
        """
        services:
          web: {image: "web:1.0.0", depends_on: [api]}
          api: {image: "api:1.0.0"}
        """,
        """
        services:
          web:
            image: web:2.0.0
            depends_on:
              db: {condition: service_healthy}
              api: {condition: service_completed_successfully}
          db: {image: "db:1.0.0"}
        """,
        "# nothing yet\n",
    )
    assert edges(imported) == ["web -> api at start", "web -> db"]
    assert component(imported, "web")["versions"] == {"2.0.0": {}}
    assert imported.errors == ()


def test_reset_takes_away_and_override_replaces(tmp_path: Path) -> None:
    """Instead of adding up."""
    base = """
        services:
          web: {image: web, depends_on: [api, db], links: [cache]}
          api: {image: api, depends_on: [db]}
          db: {image: db}
          cache: {image: cache}
        """
    over = """
        services:
          web:
            depends_on: !override [api]
            links: !reset []
          api:
            depends_on:
              db: !reset null
        """
    assert edges(compose(tmp_path, base, over)) == ["web -> api"]


def test_a_service_can_be_reset_as_a_whole(tmp_path: Path) -> None:
    """It is then not there."""
    imported = compose(tmp_path, "services: {a: {image: a}, b: {image: b}}", "services: {b: !reset null}")
    assert imported.nodes == ("a",)


def test_a_list_and_a_mapping_that_cannot_be_merged_are_an_error(tmp_path: Path) -> None:
    """The later one counts."""
    imported = compose(tmp_path, "services: {a: {image: a, deploy: {replicas: 1}}}", "services: {a: {deploy: [no]}}")
    assert [line.split()[:2] for line in found(imported, "merge")] == [["error", "2.yaml:1:16"]]


def test_a_service_extends_another_of_the_same_file_or_of_another(tmp_path: Path) -> None:
    """Over several steps; its dependencies come with it, and their places are where they are written."""
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "base.yaml").write_text(
        "services:\n  root: {image: 'root:1.2.0', depends_on: [db]}\n  mid: {extends: root, depends_on: [cache]}\n"
    )
    imported = compose(
        tmp_path,
        """
        services:
          web: {extends: {service: mid, file: common/base.yaml}, depends_on: [api]}
          api: {extends: {service: web2}}
          web2: {image: x, links: [db]}
          db: {image: db}
          cache: {image: cache}
        """,
    )
    assert edges(imported) == ["api -> db", "web -> api", "web -> cache", "web -> db", "web2 -> db"]
    assert component(imported, "web")["versions"] == {"1.2.0": {}}
    place = next(edge.location for edge in imported.edges if (edge.dependent, edge.dependency) == ("web", "db"))
    assert place.endswith("base.yaml:2:44")
    assert imported.errors == ()


def test_services_that_extend_each_other_or_nothing_are_errors(tmp_path: Path) -> None:
    """Neither ends in an endless loop."""
    imported = compose(
        tmp_path,
        """\
        services:
          a: {image: a, extends: b}
          b: {image: b, extends: {service: a}}
          c: {image: c, extends: {service: d, file: none.yaml}}
          e: {image: e, extends: aa}
        """,
    )
    assert [(f.code, f.location.rpartition("/")[2]) for f in imported.errors] == [
        ("extends-cycle", "1.yaml:2:17"),
        ("extends-cycle", "1.yaml:3:17"),
        ("dangling-reference", "1.yaml:4:17"),
        ("dangling-reference", "1.yaml:5:17"),
        ("unreadable", "none.yaml"),
    ]


def test_included_files_are_read_with_their_own_variables(tmp_path: Path) -> None:
    """The including project's variables win; paths are relative to the file that includes."""
    sub = tmp_path / "sub"
    sub.mkdir()
    (sub / ".env").write_text("TAG=1.0.0\nNAME=sub\n")
    (sub / "compose.yaml").write_text("include: [more.yaml]\nservices: {db: {image: 'db:$TAG', depends_on: [disk]}}\n")
    (sub / "more.yaml").write_text("services: {disk: {image: '$NAME:$TAG'}}\n")
    (tmp_path / ".env").write_text("NAME=top\n")
    imported = compose(tmp_path, "include: [{path: sub/compose.yaml}]\nservices: {web: {image: w, depends_on: [db]}}")
    assert edges(imported) == ["db -> disk", "web -> db"]
    assert component(imported, "disk")["labels"]["image"] == "top:1.0.0"
    assert imported.errors == ()


def test_the_env_file_of_an_include_only_fills_in(tmp_path: Path) -> None:
    """What the including project sets wins, and the .env of the included folder is not read besides."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".env").write_text("B=wrong\n")
    (tmp_path / "sub" / "a.yaml").write_text("services: {db: {image: '$A-$B-${C:-none}'}}\n")
    (tmp_path / "own.env").write_text("A=wrong\nB=own\n")
    (tmp_path / ".env").write_text("A=top\n")
    imported = compose(tmp_path, "include: [{path: [sub/a.yaml], env_file: own.env}]")
    assert component(imported, "db")["labels"]["image"] == "top-own-none"


def test_includes_that_go_in_a_circle_nowhere_or_far_away_are_errors(tmp_path: Path) -> None:
    """Each at its entry."""
    imported = compose(
        tmp_path,
        """\
        include:
          - 1.yaml
          - none.yaml
          - oci://registry.example/app
          - {env_file: x}
        services: {web: {image: web}}
        """,
    )
    assert [(f.code, f.location.rpartition("/")[2]) for f in imported.errors] == [
        ("include-cycle", "1.yaml:2:5"),
        ("dangling-reference", "1.yaml:3:5"),
        ("include", "1.yaml:4:5"),
        ("include", "1.yaml:5:5"),
    ]


def test_an_included_service_that_is_defined_again_is_an_error(tmp_path: Path) -> None:
    """Compose does not merge them either; a file of its own may change it."""
    (tmp_path / "sub.yaml").write_text("services: {db: {image: 'db:1.0.0'}}\n")
    again = compose(tmp_path, "include: [sub.yaml]\nservices: {db: {image: 'db:2.0.0'}}")
    assert [finding.code for finding in again.errors] == ["include-conflict"]
    after = compose(tmp_path, "include: [sub.yaml]", "services: {db: {image: 'db:2.0.0'}}")
    assert after.errors == ()
    assert component(after, "db")["versions"] == {"2.0.0": {}}


def test_merge_keys_bring_dependencies(tmp_path: Path) -> None:
    """For a whole service, and inside of depends_on."""
    imported = compose(
        tmp_path,
        """
        x-common: &common
          image: app
          depends_on: &needs
            db: {condition: service_healthy}
        services:
          db: {image: db}
          one: {<<: *common}
          two:
            <<: *common
            depends_on:
              <<: *needs
              one: {condition: service_started}
        """,
    )
    assert edges(imported) == ["one -> db", "two -> db", "two -> one"]
