"""Kubernetes manifests: what is a workload, which Service it is told of, and what is reported."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.manifest.importers.graphs import assert_accepted, found, real, shape

from convoy.manifest.importers.base import Imported, ImportFailed, Options
from convoy.manifest.importers.kubernetes import import_kubernetes
from convoy.manifest.importers.kubernetes_addresses import addresses, probed


def workload(name: str, pod: str = "", kind: str = "Deployment", more: str = "") -> str:
    """A workload whose one container has this in it, written as flow YAML."""
    container = f"{{name: main, image: 'example/{name}:1.0.0', {pod}}}"
    labels = f"metadata: {{labels: {{app: {name}}}}}"
    template = f"{{{labels}, spec: {{containers: [{container}]{more}}}}}"
    spec = {
        "Deployment": f"spec: {{template: {template}}}",
        "StatefulSet": f"spec: {{template: {template}}}",
        "CronJob": f"spec: {{jobTemplate: {{spec: {{template: {template}}}}}}}",
    }[kind]
    return f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{spec}\n"


def service(name: str, selects: str = "", more: str = "") -> str:
    """A Service before the pods of a workload, by default of the same name."""
    return (
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}{more}}}\n"
        f"spec: {{selector: {{app: {selects or name}}}}}\n"
    )


def kubernetes(folder: Path, *texts: str) -> Imported:
    """Import texts as one file."""
    path = folder / "all.yaml"
    path.write_text("".join(map(textwrap.dedent, texts)))
    return import_kubernetes([path], Options())


def pairs(imported: Imported) -> list[str]:
    """The dependencies, as text."""
    return sorted({f"{e.dependent} -> {e.dependency}" + (" at start" if e.startup else "") for e in imported.edges})


def env(**variables: str) -> str:
    """Variables of a container."""
    return "env: [" + ", ".join(f"{{name: {key}, value: '{value}'}}" for key, value in variables.items()) + "]"


@pytest.mark.parametrize(
    "value",
    [
        "db:5432",
        "http://db:80/path?x=y",
        "tcp://db",
        "db.default:5432",
        "db.default.svc",
        "db.default.svc.cluster.local:5432",
        "jdbc:postgresql://db:5432/app",
        "postgres://user:secret@db/app",
        "host=db:5432 dbname=app",
        "other.example.com:443,db:5432",
        "db-0.db:5432",
        "db-0.db.default.svc.cluster.local",
    ],
)
def test_an_address_in_a_variable_is_a_dependency(tmp_path: Path, value: str) -> None:
    """With a port, a scheme, or a name that only a Service has."""
    imported = kubernetes(
        tmp_path,
        workload("api", env(TARGET=value)).replace("name: api}", "name: api, namespace: default}"),
        workload("db").replace("name: db}", "name: db, namespace: default}"),
        service("db", more=", namespace: default"),
    )
    assert pairs(imported) == ["api -> db"]
    assert_accepted(imported, tmp_path / "out")


@pytest.mark.parametrize(
    "value", ["the db is slow", "db-2:5432x", "8080:80", "10.0.0.1:5432", "db/5432", "mydb", "db.example.com:5432", ""]
)
def test_what_is_no_address_of_the_service_is_no_dependency(tmp_path: Path, value: str) -> None:
    """A word in a sentence, numbers, other hosts."""
    imported = kubernetes(tmp_path, workload("api", env(TARGET_HOST=value)), workload("db"), service("db"))
    assert pairs(imported) == []


def test_a_bare_name_counts_where_the_variable_says_that_it_is_a_host(tmp_path: Path) -> None:
    """Elsewhere it is only a note, as it may be anything."""
    imported = kubernetes(
        tmp_path,
        workload("api", env(DB_HOST="db", MODE="cache", OTEL_SERVICE_NAME="api")),
        workload("db"),
        service("db"),
        workload("cache"),
        service("cache"),
        service("api"),
    )
    assert pairs(imported) == ["api -> db"]
    [note] = found(imported, "possible-dependency")
    assert "MODE of api is cache" in note


def test_arguments_and_commands_are_read_too(tmp_path: Path) -> None:
    """With the variables that Kubernetes replaces in them."""
    container = (
        "env: [{name: H, value: db}, {name: URL, value: 'redis://$(C):1'}, {name: C, value: cache}], "
        "command: [run, '--cache=cache:6379'], args: ['--db', '$(H):5432', '$$(H)', '$(NONE)']"
    )
    services = [service(name) + workload(name) for name in ("db", "cache")]
    imported = kubernetes(tmp_path, workload("api", container), *services)
    assert pairs(imported) == ["api -> cache", "api -> db"]
    assert {edge.detail for edge in imported.edges} == {"args", "command"}


def test_config_maps_are_read_whole_or_by_key(tmp_path: Path) -> None:
    """The place is that of the value; one that is not there is reported, unless it is optional."""
    container = (
        "envFrom: [{configMapRef: {name: settings}, prefix: P_}, {configMapRef: {name: gone}},"
        " {configMapRef: {name: maybe, optional: true}}, {secretRef: {name: passwords}}], "
        "env: [{name: CACHE, valueFrom: {configMapKeyRef: {name: more, key: cache}}},"
        " {name: TOKEN, valueFrom: {secretKeyRef: {name: passwords, key: token}}}]"
    )
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  DB: db:5432\n"
    more = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {cache: 'cache:1', other: 'web:80'}\n"
    rest = [service(name) + workload(name) for name in ("db", "cache", "web")]
    imported = kubernetes(tmp_path, config, more, workload("api", container), *rest)
    assert pairs(imported) == ["api -> cache", "api -> db"]
    assert {(e.location.rpartition("/")[2], e.detail) for e in imported.edges} == {
        ("all.yaml:6:3", "P_DB from the ConfigMap settings"),
        ("all.yaml:11:8", "CACHE from the ConfigMap more"),
    }
    assert [line.partition(" ")[0] for line in found(imported, "missing-config-map")] == ["warning"]
    assert len(found(imported, "secret-not-read")) == 1


@pytest.mark.parametrize(
    "container",
    [
        "command: [sh, -c, 'until nslookup db.default.svc.cluster.local; do sleep 2; done']",
        "command: [sh, -c, 'until nc -z db 5432; do sleep 1; done']",
        "command: [nc, -z, db, '5432']",
        "command: [pg_isready], args: [-h, db]",
        "command: [wait-for], args: ['db:5432']",
        "env: [{name: DB, value: 'db:5432'}], command: [sh, -c, 'nc -z $DB']",
    ],
)
def test_an_init_container_that_waits_is_a_dependency_at_the_start(tmp_path: Path, container: str) -> None:
    """Unless the workload is told of the Service elsewhere too."""
    init = f", initContainers: [{{name: wait, {container}}}]"
    ns = "name: {0}, namespace: default}}"
    texts = [
        workload("api", more=init).replace("name: api}", ns.format("api")),
        workload("db").replace("name: db}", ns.format("db")),
        service("db", more=", namespace: default"),
    ]
    imported = kubernetes(tmp_path, *texts)
    assert pairs(imported) == ["api -> db at start"]
    api = next(d for d in imported.documents if d["name"] == "api")
    assert api["dependsOn"] == [{"name": "db", "startup": True}]
    texts[0] = workload("api", env(DB="db:5432"), more=init).replace("name: api}", ns.format("api"))
    api = next(d for d in kubernetes(tmp_path, *texts).documents if d["name"] == "api")
    assert api["dependsOn"] == ["db"]


def test_a_sidecar_is_no_init_container(tmp_path: Path) -> None:
    """One that is restarted always runs as long as the others."""
    init = ", initContainers: [{name: proxy, restartPolicy: Always, args: ['db:5432']}]"
    imported = kubernetes(tmp_path, workload("api", more=init), workload("db"), service("db"))
    assert pairs(imported) == ["api -> db"]


def test_a_service_stands_for_the_workloads_that_it_selects(tmp_path: Path) -> None:
    """Whatever their names are; every label of the selector has to be there."""
    canary = workload("db-canary").replace("app: db-canary", "app: db, track: canary")
    imported = kubernetes(tmp_path, workload("api", env(A="store:1")), workload("db"), canary, service("store", "db"))
    assert pairs(imported) == ["api -> db", "api -> db-canary"]


def test_partners_that_are_missing_are_noted(tmp_path: Path) -> None:
    """A Service without a workload, a workload without a Service, an address without a Service."""
    external = "---\napiVersion: v1\nkind: Service\nmetadata: {name: mail}\nspec: {externalName: mail.example.com}\n"
    imported = kubernetes(
        tmp_path, workload("api", env(A="ghost:1", B="gone:1", C="mail:25")), service("ghost"), external
    )
    assert pairs(imported) == []
    assert [line.partition(" all")[0] for line in found(imported, "service-without-workload")] == [
        "warning",
        "warning",
        "note",
        "note",
    ]
    assert "mail.example.com" in found(imported, "service-without-workload")[-1]
    assert len(found(imported, "workload-without-service")) == 1
    assert ["gone" in line for line in found(imported, "unknown-address")] == [True]


def test_namespaces_keep_services_apart(tmp_path: Path) -> None:
    """A bare name means the own namespace; equal names are told apart by theirs."""

    def at(text: str, namespace: str) -> str:
        return text.replace("metadata: {name: ", f"metadata: {{namespace: {namespace}, name: ")

    imported = kubernetes(
        tmp_path,
        at(workload("api", env(A="db:1")), "one"),
        at(workload("web", env(A="db.two:1", B="db.three:1")), "one"),
        *(at(workload("db") + service("db"), namespace) for namespace in ("one", "two")),
    )
    assert pairs(imported) == ["api -> one/db", "web -> two/db"]
    assert imported.nodes == ("api", "web", "one/db", "two/db")
    assert sorted(d["name"] for d in imported.documents) == ["api", "one-db", "two-db", "web"]
    assert_accepted(imported, tmp_path / "out")


def test_lists_jobs_and_other_kinds(tmp_path: Path) -> None:
    """A List is read as its items; what is no workload is counted in a note."""
    items = textwrap.dedent(
        """\
        apiVersion: v1
        kind: List
        items:
          - apiVersion: batch/v1
            kind: Job
            metadata: {name: migrate}
            spec: {template: {spec: {containers: [{name: m, image: m, args: ["--db=db:5432"]}]}}}
          - apiVersion: v1
            kind: Pod
            metadata: {name: db, labels: {app: db}}
            spec: {containers: [{name: db, image: db}]}
          - {apiVersion: v1, kind: ServiceAccount, metadata: {name: db}}
        """
    )
    imported = kubernetes(tmp_path, items, service("db"), workload("nightly", "args: ['db:1']", kind="CronJob"))
    assert pairs(imported) == ["migrate -> db", "nightly -> db"]
    assert "1 ServiceAccount" in found(imported, "other-kinds")[0]


def test_a_cycle_is_reported_with_its_places(tmp_path: Path) -> None:
    """Calls may go in circles; an order of deployment cannot, so a person has to look."""
    imported = kubernetes(
        tmp_path, workload("a", env(B="b:1")), service("a"), workload("b", env(A="a:1")), service("b")
    )
    [line] = found(imported, "dependency-cycle")
    assert line.startswith("error all.yaml:5:")
    assert line.endswith("a -> b -> a")


def test_what_belongs_together_becomes_a_system(tmp_path: Path) -> None:
    """By the label that Kubernetes recommends for it; labels and the version of the image are carried."""
    text = workload("api").replace("name: api}\n", "name: api, labels: {app.kubernetes.io/part-of: Big Shop}}\n")
    imported = kubernetes(tmp_path, text, workload("db"))
    assert imported.documents[0] == {"apiVersion": "convoy/v1", "kind": "System", "name": "big-shop"}
    api = imported.documents[1]
    assert (api["system"], list(api["versions"])) == ("big-shop", ["1.0.0"])
    assert api["labels"] == {"image": "example/api:1.0.0", "app.kubernetes.io/part-of": "Big Shop"}
    assert_accepted(imported, tmp_path / "out")


def test_files_without_a_workload_fail_the_import(tmp_path: Path) -> None:
    """An empty success would hide that the wrong folder was named."""
    with pytest.raises(ImportFailed) as failed:
        kubernetes(tmp_path, service("db"), "---\njust: a file\n")
    assert {finding.code for finding in failed.value.findings} == {"nothing-found", "not-kubernetes"}


def test_an_object_that_stands_there_twice_counts_once(tmp_path: Path) -> None:
    """And is reported."""
    imported = kubernetes(tmp_path, workload("api"), workload("api"))
    assert imported.nodes == ("api",)
    assert len(found(imported, "duplicate-object")) == 1


def test_odd_texts_are_no_addresses() -> None:
    """Certificates, scripts and very long words end quickly."""
    for text in ("a" * 100_000, "a." * 50_000, ":" * 100_000, "://" * 30_000, "-h " * 30_000, "nc " * 30_000):
        assert all(address.host for address in [*addresses(text, variable="X"), *probed(text)])


@pytest.mark.parametrize("path", ["release", "kubernetes-manifests", "releases/kubernetes-manifests-v0.10.0.yaml"])
def test_a_real_application(tmp_path: Path, path: str) -> None:
    """Its 12 workloads, and exactly the dependencies that were derived by hand; each names the variable."""
    place = real("online-boutique")
    rows = (place / "derived_env_edges.tsv").read_text().splitlines()
    expected: set[tuple[Any, ...]] = {tuple(row.split("\t")) for row in rows if row and not row.startswith("#")}
    imported = import_kubernetes([place / path], Options())
    assert shape(imported)[:2] == (12, 16)
    assert {(edge.dependent, edge.dependency, edge.detail) for edge in imported.edges} == expected
    assert imported.errors == ()
    assert len(found(imported, "workload-without-service")) == 1
    assert_accepted(imported, tmp_path / "out")


def test_a_real_init_container_waits_and_the_workload_needs_it_later_too() -> None:
    """So the dependency is not one for the start only."""
    imported = import_kubernetes([real("online-boutique") / "release"], Options())
    of_loadgenerator = [edge for edge in imported.edges if edge.dependent == "loadgenerator"]
    assert {edge.startup for edge in of_loadgenerator} == {True, False}
    document = next(d for d in imported.documents if d["name"] == "loadgenerator")
    assert document["dependsOn"] == ["frontend"]
