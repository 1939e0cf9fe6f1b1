"""Publishing: one bad manifest harms only its own rollouts, and nothing that was published ever vanishes by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException
from tests.airflow.builders import component, rollout

from convoy.airflow.dagfile import ManifestsHaveErrors, load_dags, raise_manifest_errors
from convoy.airflow.published import RETIRED, STALE, Published, PublishedFormatError, read
from convoy.airflow.publisher import FOLDER, current_version, publish, version_folder


class Store:
    """Manifests, DAG files and a store in one folder."""

    def __init__(self, folder: Path) -> None:
        self.manifests, self.dags, self.path = folder / "manifests", folder / "dags", folder / "store"
        self.manifests.mkdir()
        self.dags.mkdir()
        (self.dags / "rollouts.py").write_text("# airflow dag\n")

    def publish(self, **more: frozenset[str]) -> tuple[str, ...]:
        """Publish; the errors."""
        return publish(self.manifests, self.dags, self.path, **more).errors

    @property
    def folder(self) -> Path:
        """The published files of the newest version."""
        return version_folder(self.path, current_version(self.path) or "") / FOLDER

    def get(self, name: str) -> Published:
        """One published rollout of the newest version."""
        return read(self.folder / f"rollout.{name}.local.json")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two rollouts, one and two, each with a component and a file of its own."""
    made = Store(tmp_path)
    for name in ("one", "two"):
        (made.manifests / f"{name}.yaml").write_text(component(name) + rollout(name, name))
    assert made.publish() == ()
    return made


def test_publishing_the_same_again_makes_no_new_version(store: Store) -> None:
    """A version is named by its content."""
    before = current_version(store.path)
    store.publish()
    assert current_version(store.path) == before
    assert len(list((store.path / "versions").iterdir())) == 1


def test_a_broken_manifest_keeps_the_last_valid_plan_and_harms_no_other(store: Store) -> None:
    """The rollout goes stale with the reason, the other stays current, and the error names file, line and column."""
    digests = {name: store.get(name).digest for name in ("one", "two")}
    (store.manifests / "one.yaml").write_text((component("one") + rollout("one", "one")).replace("to:", "too:"))
    errors = store.publish()
    assert "one.yaml:13:" in errors[0]
    assert store.get("one").status == STALE
    assert "one.yaml:13:" in store.get("one").status_reason
    assert store.get("one").plan.digest
    assert store.get("two").status == "current"
    assert store.get("two").digest == digests["two"]
    assert store.get("one").digest == digests["one"]


def test_a_file_that_cannot_be_read_at_all_makes_its_rollouts_stale(store: Store) -> None:
    """Not even YAML: the rollouts that came from this file are stale, not retired."""
    (store.manifests / "one.yaml").write_bytes(b"\xff\xfe not text")
    store.publish()
    assert store.get("one").status == STALE


def test_a_deleted_manifest_retires_its_rollout_until_it_is_forgotten(store: Store) -> None:
    """A DAG that vanished would freeze its runs; it goes only on purpose."""
    (store.manifests / "one.yaml").unlink()
    store.publish()
    assert store.get("one").status == RETIRED
    store.publish(forget=frozenset({"rollout.one.local"}))
    assert not (store.folder / "rollout.one.local.json").exists()
    assert store.get("two").status == "current"


def test_a_repaired_manifest_is_current_again(store: Store) -> None:
    """Stale is no dead end."""
    good = (store.manifests / "one.yaml").read_text()
    (store.manifests / "one.yaml").write_text("kind: [")
    store.publish()
    (store.manifests / "one.yaml").write_text(good)
    assert store.publish() == ()
    assert store.get("one").status == "current"


def test_a_plan_that_cannot_be_proven_is_an_error_with_its_place(store: Store) -> None:
    """What the planner refuses is shown like every other error."""
    needs = 'versions:\n  1.0.0: {}\n  2.0.0: {consumes: {nothing-offers-this: ">=1"}}\n'
    (store.manifests / "one.yaml").write_text(component("one", "", needs) + rollout("one", "one"))
    errors = store.publish()
    assert any("one.yaml:" in error and "nothing-offers-this" in error for error in errors)
    assert store.get("one").status == STALE


def test_an_old_version_stays_as_it_was(store: Store) -> None:
    """A run is pinned to its version: publishing anew changes nothing in it."""
    version = current_version(store.path) or ""
    before = {p.name: p.read_bytes() for p in (version_folder(store.path, version) / FOLDER).iterdir()}
    (store.manifests / "one.yaml").write_text(component("one") + rollout("one", "one", "onFailure: park\n"))
    store.publish()
    assert current_version(store.path) != version
    assert {p.name: p.read_bytes() for p in (version_folder(store.path, version) / FOLDER).iterdir()} == before


def test_a_published_file_of_another_format_is_carried_on_and_becomes_a_placeholder(store: Store) -> None:
    """Upgrading Convoy must not make a DAG vanish, nor raise in the file of all the others."""
    path = store.folder / "rollout.old.local.json"
    path.write_text('{"format": 0}')
    (store.manifests / "two.yaml").write_text(component("two") + rollout("two", "two", "onFailure: park\n"))
    store.publish()
    assert (store.folder / "rollout.old.local.json").read_text() == '{"format": 0}'
    dags = load_dags(store.folder)
    assert {dag.dag_id for dag in dags.values()} == {
        "rollout.old.local",
        "rollout.one.local",
        "rollout.two.local",
    }
    (placeholder,) = [dag for dag in dags.values() if dag.dag_id == "rollout.old.local"]
    assert "format 0" in (placeholder.doc_md or "")
    with pytest.raises(AirflowFailException, match="format 0"):
        placeholder.get_task("preflight").execute({})


def test_only_the_rollout_that_airflow_asks_for_is_built(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task process builds one DAG, not all of them."""
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "rollout.two.local")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", "preflight")
    assert [dag.dag_id for dag in load_dags(store.folder).values()] == ["rollout.two.local"]


def test_errors_are_raised_by_the_second_file_only(store: Store) -> None:
    """The file with the rollouts never raises; the other one shows everything."""
    raise_manifest_errors(store.folder)
    (store.manifests / "one.yaml").write_text("kind: [")
    store.publish()
    load_dags(store.folder)
    with pytest.raises(ManifestsHaveErrors, match=r"one\.yaml:2:"):
        raise_manifest_errors(store.folder)


def test_a_published_rollout_survives_its_file(store: Store) -> None:
    """What is read is what was written, digest and all."""
    published = store.get("one")
    assert Published.from_json(published.to_json()) == published
    with pytest.raises(PublishedFormatError, match="not a published rollout"):
        Published.from_json("[]")
