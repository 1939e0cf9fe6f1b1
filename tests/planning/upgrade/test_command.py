"""``convoy upgrade``, as a user calls it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.planning.upgrade.documents import FOLDER

from convoy.cli.upgrade import command
from convoy.manifest.catalog import load
from convoy.planning.inputs import plan_rollout

RANGES = """
apiVersion: convoy/v1
kind: Component
name: api
workload: {command: ["true"]}
versions:
  1.0.0: {provides: {api: 1}}
  2.0.0: {provides: {api: 2}, upgradesFrom: 1.0.0}
  3.0.0: {provides: {api: 3}, upgradesFrom: 2.0.0}
---
apiVersion: convoy/v1
kind: Component
name: web
workload: {command: ["true"], directory: bin}
versions:
  1.0.0: {consumes: {api: 1 || 2}}
  2.0.0: {consumes: {api: 2 || 3}}
---
apiVersion: convoy/v1
kind: Component
name: beside
workload: {command: ["true"]}
consumes: {api: ">=1"}
---
apiVersion: convoy/v1
kind: Rollout
name: spring
environment: local
onFailure: park
components:
  api: {from: 1.0.0, to: 3.0.0}
  web: {from: 1.0.0, to: 2.0.0}
  worker: {from: 1.0.0, to: 1.1.0, workload: {command: ["true"]}, after: [api]}
batches:
  - {name: front, components: [web, worker]}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    return folder


def test_hops_are_shown_with_their_batches_and_what_to_verify_between() -> None:
    """Why one is not enough, each hop's plan, and what has to be live before the next."""
    found = run("slurm", "--manifests", FOLDER, "--to", "23.11")
    assert found.exit_code == 0
    assert "Upgrade slurm in slurm-lab: 2 hops, 12 changes of 6 components" in found.output
    assert "Not in one hop: slurmdbd 23.11 can only follow 23.02 || 22.05, and 20.11 is live" in found.output
    assert "Hop 2 of 2" in found.output
    assert "because slurmdbd before slurmctld:" in found.output
    between = found.output.split("Before hop 2, verify:")[1].split("Hop 2 of 2")[0]
    assert "slurmdbd 22.05" in " ".join(between.split())
    assert "no way back from here: slurmdbd, slurmctld, slurmd" in between


def test_as_json_every_hop_has_its_plan() -> None:
    """One object, with the live versions before each hop and after the last."""
    found = run("pulsar", "--manifests", FOLDER, "--to", "autorecovery=on-2.11", "--format", "json")
    document = json.loads(found.output)
    assert document["outcome"] == "upgrade"
    assert [hop["changes"].get("autorecovery") for hop in document["hops"]] == [
        {"from": "on-2.10", "to": "held-off"},
        {"from": "held-off", "to": "on-2.11"},
    ]
    assert document["hops"][1]["before"]["bookies"] == "2.11.0"
    assert document["after"]["autorecovery"] == "on-2.11"
    assert all(hop["plan"]["digest"].startswith("sha256:") for hop in document["hops"])


@pytest.mark.parametrize(
    ("rollout", "target", "hops"), [("slurm", "23.11", 2), ("kubernetes-minors", "1.35", 4), ("gitlab", "16.3", 2)]
)
def test_what_is_written_is_accepted_and_plans_as_was_shown(
    manifests: Path, rollout: str, target: str, hops: int
) -> None:
    """A rollout for each hop, without errors, with the batches and arcs that the search proved."""
    shutil.copytree(FOLDER, manifests / "upgrades")
    shown = run(rollout, "--manifests", manifests, "--to", target, "--write", manifests / "hops", "--format", "json")
    assert shown.exit_code == 0
    loaded = load([manifests])
    assert loaded.diagnostics == ()
    documents = json.loads(shown.stdout)["hops"]
    assert len(documents) == hops
    for number, hop in enumerate(documents, 1):
        name = f"{rollout}-hop-{number}"
        (environment,) = loaded.catalog.rollouts[name].environment_names
        plan = plan_rollout(loaded.catalog, name, environment).to_dict()
        assert plan["batches"] == hop["plan"]["batches"]
        assert [cell["ok"] for cell in plan["certificate"]] == [True] * len(hop["plan"]["certificate"])


def test_a_written_hop_keeps_the_rollouts_settings(manifests: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches, wishes and inline components as far as they move, the policy for failures, and where processes run."""
    monkeypatch.setenv("CONVOY_HOME", str(manifests.parent / "home"))
    (manifests / "all.yaml").write_text(RANGES, encoding="utf-8")
    found = run("spring", "--manifests", manifests, "--write", manifests / "hops")
    assert found.exit_code == 0, found.output
    loaded = load([manifests / "hops", manifests])
    assert [d for d in loaded.diagnostics if "hop" in d.file] == []
    first, second = (loaded.catalog.rollouts[f"spring-hop-{number}"] for number in (1, 2))
    assert {name: (c.from_version, c.to_version) for name, c in first.components.items()} == {
        "api": ("1.0.0", "2.0.0"),
        "web": ("1.0.0", "2.0.0"),
    }
    assert {name: c.after for name, c in second.components.items()} == {"api": [], "worker": ["api"]}
    assert [[*batch.components] for rollout in (first, second) for batch in rollout.batches] == [
        ["web"],
        ["worker"],
    ]
    assert {rollout.on_failure for rollout in (first, second)} == {"park"}
    places = [loaded.catalog.environments[rollout.environment_names[0]] for rollout in (first, second)]
    assert [place.versions for place in places] == [{"worker": "1.0.0"}, {"web": "2.0.0"}]
    assert {place.target.root for place in places} == {  # type: ignore[union-attr]
        str((manifests.parent / "home" / "environments" / "local").resolve())
    }
    again = run("spring", "--manifests", manifests / "all.yaml", "--write", manifests / "hops")
    assert again.exit_code == 1
    assert "already there" in again.output


def test_no_way_is_exit_code_1_with_the_conflict_and_its_places(manifests: Path) -> None:
    """The smallest set of requirements, each as a sentence with file, line and column."""
    text = RANGES.replace("  2.0.0: {provides: {api: 2}, upgradesFrom: 1.0.0}\n", "")
    (manifests / "all.yaml").write_text(text, encoding="utf-8")
    found = run("spring", "--manifests", manifests)
    assert found.exit_code == 1
    text = " ".join(found.stderr.replace(str(manifests), "").split())
    assert text.startswith("There is no way to upgrade spring in local")
    assert "/all.yaml:8:3: api 3.0.0 can only follow 2.0.0 /all.yaml:30:3: api has to get to 3.0.0" in text
    document = json.loads(run("spring", "--manifests", manifests, "--format", "json").stdout)
    assert (document["outcome"], document["proof"]) == ("no-upgrade", "smallest")
    assert [item["kind"] for item in document["conflict"]] == ["follows", "target"]


def test_giving_up_is_exit_code_1_and_says_how_far_it_came() -> None:
    """It does not claim that there is no way."""
    found = run("kubernetes-minors", "--manifests", FOLDER, "--to", "1.35", "--budget", "5")
    assert found.exit_code == 1
    assert "after 5 states: there may be a way, or none" in " ".join(found.stderr.split())
    assert "came as far as kubelet 1.31, wanted 1.35" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["slurmm"], "did you mean slurm?"),
        (["slurm", "--environment", "slurm-labb"], "did you mean slurm-lab?"),
        (["slurm", "--to", "slurmd=23.12"], "did you mean 23.11"),
        (["slurm", "--to", "99.01"], "no changing component has declared 99.01"),
        (["slurm", "--budget", "0"], "--budget"),
    ],
)
def test_wrong_input_is_told_with_close_matches(arguments: list[str], message: str) -> None:
    """Names and versions that nothing has."""
    found = run(*arguments, "--manifests", FOLDER)
    assert found.exit_code in (1, 2)
    assert message in found.output
