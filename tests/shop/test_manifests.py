"""The manifests of the shop and the examples: valid, planned as promised, and true about what the services do."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convoy.manifest.catalog import load
from convoy.manifest.resolve import resolve
from convoy.manifest.versions import in_range
from convoy.planning.inputs import contracts_for, plan_rollout
from convoy.planning.verify import verify
from shop.components import COMPONENTS
from shop.contracts import offered, spoken
from shop.faults import Faults, read_faults

MANIFESTS = Path(__file__).resolve().parents[2] / "include" / "manifests"
FILES = sorted(MANIFESTS.rglob("*.yaml"))
LOADED = load([MANIFESTS])
CATALOG = LOADED.catalog
PLACE = {name: rollout.environment_names[0] for name, rollout in CATALOG.rollouts.items()}
SHOP = {name: component for name, component in CATALOG.components.items() if component.system == "shop"}


def order(rollout: str) -> list[str]:
    return [batch.name for batch in plan_rollout(CATALOG, rollout, PLACE[rollout]).batches]


def requires(rollout: str) -> dict[str, set[str]]:
    return {batch.name: set(batch.requires) for batch in plan_rollout(CATALOG, rollout, PLACE[rollout]).batches}


def test_no_manifest_has_an_error_or_a_warning() -> None:
    assert [str(diagnostic) for diagnostic in LOADED.diagnostics] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_the_first_line_leads_editors_to_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    marker = "# yaml-language-server: $schema="

    assert first.startswith(marker)
    assert (path.parent / first[len(marker) :]).resolve() == MANIFESTS.parent / "schemas" / "convoy.schema.json"


@pytest.mark.parametrize(
    ("rollout", "environment"),
    [(name, place) for name, rollout in sorted(CATALOG.rollouts.items()) for place in rollout.environment_names],
)
def test_every_rollout_has_a_plan_that_the_independent_checker_accepts(rollout: str, environment: str) -> None:
    plan, contracts = plan_rollout(CATALOG, rollout, environment), contracts_for(CATALOG, rollout, environment)

    assert verify(plan, contracts) == []


def test_the_manifests_name_exactly_the_components_that_exist() -> None:
    assert set(SHOP) == set(COMPONENTS)


def test_the_baseline_starts_all_of_them_providers_first() -> None:
    needed = requires("shop-baseline")

    assert set(needed) == set(COMPONENTS)
    assert needed["recommendation"] == {"catalog"}
    assert {"checkout", "ads", "recommendation"} <= needed["frontend"]


def test_the_baseline_has_no_metric_gates_because_there_are_no_visitors_yet() -> None:
    settings = resolve(CATALOG, "shop-baseline", "demo").components

    assert {name: s["gates"]["metrics"] for name, s in settings.items() if s["gates"]["metrics"]} == {}
    assert all(s["gates"]["health"] for s in settings.values())


def test_the_upgrade_moves_providers_first_and_where_something_is_removed_consumers_first() -> None:
    needed = requires("shop-upgrade")

    assert needed["checkout"] == {"payment"}
    assert needed["frontend"] == {"checkout"}
    assert needed["ads"] == {"frontend"}
    assert needed["currency"] == needed["email"] == needed["recommendation"] == set()


def test_the_bad_version_comes_after_others_have_moved_and_before_one_that_is_never_touched() -> None:
    assert order("shop-bad")[-2:] == ["recommendation", "frontend"]
    assert requires("shop-bad")["recommendation"] == {"catalog", "currency", "shipping"}


def test_only_the_bad_version_has_a_fault_and_the_good_ones_have_none() -> None:
    faults = {}
    for rollout in ("shop-baseline", "shop-upgrade", "shop-bad"):
        for name, settings in resolve(CATALOG, rollout, PLACE[rollout]).components.items():
            env = settings["workloads"][settings["to"]]["env"]
            faults[rollout, name] = read_faults(env.get("SHOP_FAULT"))

    assert {key: found for key, found in faults.items() if found != Faults()} == {
        ("shop-bad", "recommendation"): Faults(error_rate=0.4)
    }


def _contract_edges() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Every requirement in every pair of declared versions: consumer, version, provider, version, range, offer."""
    releases = {
        name: {
            version: (
                {**component.provides, **own.provides},
                {**component.consumes, **own.consumes},
            )
            for version, own in (component.versions or {"1.0.0": component}).items()
        }
        for name, component in SHOP.items()
    }
    for consumer, versions in releases.items():
        for version, (_, consumes) in versions.items():
            for interface, requirement in consumes.items():
                for provider, others in releases.items():
                    for other, (provides, _) in others.items():
                        if interface in provides:
                            yield consumer, version, provider, other, requirement.range, provides[interface]


EDGES = list(_contract_edges())


def test_the_edges_are_those_of_the_shop() -> None:
    assert {(consumer, provider) for consumer, _, provider, *_ in EDGES} == {
        ("cart", "cart-store"),
        *(("checkout", p) for p in ("cart", "catalog", "currency", "email", "payment", "shipping")),
        *(("frontend", p) for p in ("ads", "cart", "catalog", "checkout", "currency", "recommendation", "shipping")),
        ("recommendation", "catalog"),
    }


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: " ".join(edge))
def test_a_declared_range_holds_exactly_where_the_services_understand_each_other(
    edge: tuple[str, str, str, str, str, str],
) -> None:
    consumer, version, provider, other, wanted, offer = edge

    declared = in_range(wanted, offer)

    assert declared == (spoken(consumer, version, provider) in offered(provider, other))


def test_the_lockstep_example_is_one_batch_that_switches_at_once() -> None:
    [batch] = plan_rollout(CATALOG, "lockstep", "local").batches

    assert batch.lockstep
    assert set(batch.components) == {"receiver", "sender"}


def test_the_contracts_example_gets_its_order_from_the_ranges() -> None:
    assert order("contracts") == ["stock", "orders", "prices"]


def test_the_declared_batch_example_has_its_workers_in_one_batch() -> None:
    assert requires("declared-batch") == {"workers": set(), "gallery": {"workers"}}


def test_the_first_example_is_a_rollout_of_ten_lines() -> None:
    text = (MANIFESTS / "examples" / "01-two-services" / "rollout.yaml").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 10


@pytest.fixture
def programs(tmp_path: Path, eventually: Any, free_port: Any) -> Iterator[Any]:
    """Starts the programs of examples as their target would, and ends them."""
    started: list[subprocess.Popen[bytes]] = []

    def start(program: Path, component: str, **environment: str) -> str:
        port = free_port()
        settings = {"HOST": "127.0.0.1", "PORT": str(port), "CONVOY_COMPONENT": component, "CONVOY_VERSION": "1.2.3"}
        with (tmp_path / f"{component}.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, program.name],
                    cwd=program.parent,
                    env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **settings, **environment},
                    stdout=log,
                    stderr=log,
                )
            )
        eventually(f"{component} answers", lambda: _fetch(f"127.0.0.1:{port}", "/healthz"))
        return f"127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=20)


def _fetch(address: str, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_the_programs_of_the_first_example_call_each_other(programs: Any) -> None:
    folder = MANIFESTS / "examples" / "01-two-services"
    words = programs(folder / "words.py", "words")

    page = programs(folder / "page.py", "page", CONVOY_ADDRESS_WORDS=words)

    assert _fetch(page, "/").startswith("page 1.2.3 says: ")


def test_the_program_of_the_other_examples_answers_health_and_metrics(programs: Any) -> None:
    address = programs(MANIFESTS / "examples" / "service.py", "thumbnails")

    assert '"status": "ok"' in _fetch(address, "/healthz")
    assert "example_uptime_seconds " in _fetch(address, "/metrics")
