"""From manifests to contracts and plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent

import pytest

from convoy.manifest.catalog import Catalog, load
from convoy.planning.contracts import Effort, Release, Requirement
from convoy.planning.errors import PlanError
from convoy.planning.inputs import contracts_for, plan_rollout
from convoy.planning.verify import verify

HEAD = "apiVersion: convoy/v1\nkind: "
WORKLOAD = 'workload: {command: ["true"]}\n'


def component(name: str, more: str = "") -> str:
    return f"{HEAD}Component\nname: {name}\n{WORKLOAD}" + dedent(more)


def rollout(components: str, more: str = "") -> str:
    return (
        f"{HEAD}Rollout\nname: spring\nenvironment: prod\n"
        + dedent(more)
        + "components:\n"
        + indent(dedent(components), "  ")
    )


def environment(more: str = "") -> str:
    return f"{HEAD}Environment\nname: prod\ntarget: {{kind: processes}}\n" + dedent(more)


def catalog(folder: Path, *documents: str) -> Catalog:
    path = folder / "shop.yaml"
    path.write_text("---\n".join(documents), encoding="utf-8")
    loaded = load([path])
    assert [str(d) for d in loaded.diagnostics if d.severity == "error"] == []
    return loaded.catalog


PAYMENT = component(
    "payment",
    """\
    provides: {payment-api: 2.4}
    versions:
      2.0.0: {provides: {payment-api: 3.10}}
    """,
)
CHECKOUT = component(
    "checkout",
    """\
    consumes: {payment-api: ">=2"}
    versions:
      2.0.0:
        consumes:
          payment-api: ">=3"
    """,
)
BOTH = """\
  payment: {from: 1.8.0, to: 2.0.0}
  checkout: {from: 1.9.0, to: 2.0.0}
"""


def unplaced(release: Release | None) -> Release | None:
    """A release without the place where it is written."""
    return replace(release, location="") if release else None


def test_versions_replace_per_interface_and_keep_their_text(tmp_path: Path) -> None:
    """3.10 is not 3.1; what a version does not say is what every version does."""
    found = contracts_for(catalog(tmp_path, PAYMENT, CHECKOUT, environment(), rollout(BOTH)), "spring", "prod")
    payment = found.components["payment"]
    assert payment.current is not None
    assert payment.target is not None
    assert (payment.current.version, payment.current.provides) == ("1.8.0", {"payment-api": "2.4"})
    assert (payment.target.version, payment.target.provides) == ("2.0.0", {"payment-api": "3.10"})
    assert payment.target.location.startswith(str(tmp_path))
    assert payment.effort == Effort(10.0)


def test_a_plan_from_manifests_names_reason_and_place(tmp_path: Path) -> None:
    """The line of the requirement that makes the order."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment(), rollout(BOTH))
    plan = plan_rollout(made, "spring", "prod")
    assert [batch.name for batch in plan.batches] == ["payment", "checkout"]
    [arc] = plan.arcs
    assert arc.reason == "payment before checkout: checkout 2.0.0 needs payment-api >=3, payment 1.8.0 offers 2.4"
    file, line, _ = arc.location.rsplit(":", 2)
    assert "payment-api" in Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert verify(plan, contracts_for(made, "spring", "prod")) == []


def test_an_unchanged_neighbour_at_a_declared_version_is_known(tmp_path: Path) -> None:
    """The environment says what is live."""
    only = "  checkout: {from: 1.9.0, to: 2.0.0}\n"
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment("versions: {payment: 2.0.0}\n"), rollout(only))
    assert unplaced(contracts_for(made, "spring", "prod").components["payment"].current) == Release(
        "2.0.0", {"payment-api": "3.10"}
    )
    assert [batch.name for batch in plan_rollout(made, "spring", "prod").batches] == ["checkout"]


def test_an_unchanged_neighbour_of_unknown_version_is_uncertain_and_refused(tmp_path: Path) -> None:
    """Its versions do not agree on the interface; the hint says where to declare the live one."""
    only = "  checkout: {from: 1.9.0, to: 2.0.0}\n"
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment(), rollout(only))
    current = contracts_for(made, "spring", "prod").components["payment"].current
    assert unplaced(current) == Release(None, uncertain_provides=("payment-api",))
    with pytest.raises(PlanError) as caught:
        plan_rollout(made, "spring", "prod")
    [diagnostic] = caught.value.diagnostics
    assert "declare which version of payment is live" in diagnostic.hint
    assert diagnostic.line > 0


def test_an_unchanged_neighbour_whose_versions_agree_needs_no_declaration(tmp_path: Path) -> None:
    """What all of them offer is known, whichever is live."""
    steady = component("payment", "provides: {payment-api: 3.2}\nversions:\n  2.0.0: {notes: faster}\n")
    only = "  checkout: {from: 1.9.0, to: 2.0.0}\n"
    made = catalog(tmp_path, steady, CHECKOUT, environment(), rollout(only))
    assert unplaced(contracts_for(made, "spring", "prod").components["payment"].current) == Release(
        None, {"payment-api": "3.2"}
    )
    assert len(plan_rollout(made, "spring", "prod").batches) == 1


def test_components_without_a_shared_interface_are_left_out(tmp_path: Path) -> None:
    """And of neighbours only the shared interfaces are kept."""
    wide = component("search", "provides: {search-api: 1}\nconsumes: {payment-api: 2, search-api: 1}\n")
    far = component("mail", "provides: {mail-api: 1}\n")
    made = catalog(tmp_path, PAYMENT, wide, far, environment(), rollout("  payment: {from: 1.8.0, to: 1.8.1}\n"))
    found = contracts_for(made, "spring", "prod").components
    assert sorted(found) == ["payment", "search"]
    search = found["search"].current
    assert search is not None
    assert (dict(search.provides), sorted(search.consumes)) == ({}, ["payment-api"])


def test_inline_components_and_start_order(tmp_path: Path) -> None:
    """The smallest rollout needs no Component manifest."""
    made = catalog(
        tmp_path,
        environment(),
        rollout(
            """\
              db: {to: 1.0.0, workload: {command: ["true"]}}
              api:
                from: 1.0.0
                to: 2.0.0
                workload: {command: ["true"]}
                dependsOn: [db]
            """
        ),
    )
    plan = plan_rollout(made, "spring", "prod")
    assert [(b.name, b.requires) for b in plan.batches] == [("db", ()), ("api", ("db",))]
    assert plan.arcs[0].location.startswith(str(tmp_path / "shop.yaml") + ":")
    assert plan.batches[0].changes[0].from_version is None


def test_defaults_of_the_environment_decide_the_strategy(tmp_path: Path) -> None:
    """coexists: false is fine where everything is recreated by default."""
    db = component("db", "versions:\n  2.0.0: {coexists: false}\n")
    change = rollout("  db: {from: 1.0.0, to: 2.0.0}\n")
    with pytest.raises(PlanError, match="cannot serve beside"):
        plan_rollout(catalog(tmp_path, db, environment(), change), "spring", "prod")
    recreate = environment("defaults: {strategy: {type: recreate}}\n")
    assert len(plan_rollout(catalog(tmp_path, db, recreate, change), "spring", "prod").batches) == 1


def test_declared_batches_wishes_and_limits_arrive(tmp_path: Path) -> None:
    """With their places; the smaller of two limits counts."""
    made = catalog(
        tmp_path,
        *(component(name) for name in ("a", "b", "c")),
        environment("limits: {maxParallel: 2}\n"),
        rollout(
            """\
              a: {from: 1.0.0, to: 2.0.0, after: [c]}
              b: {from: 1.0.0, to: 2.0.0}
              c: {from: 1.0.0, to: 2.0.0}
            """,
            """\
            maxParallel: 3
            onFailure: park
            batches:
              - {name: pair, components: [a, b], acceptance: both answer, onFailure: rollback}
            """,
        ),
    )
    found = contracts_for(made, "spring", "prod")
    assert found.max_parallel == 2
    assert found.batches[0].location
    assert found.components["a"].after[0].location
    plan = plan_rollout(made, "spring", "prod")
    assert [(b.name, b.requires, b.on_failure) for b in plan.batches] == [
        ("c", (), "park"),
        ("pair", ("c",), "rollback"),
    ]
    assert plan.batch("pair").acceptance == "both answer"


def test_requirements_carry_everything_that_was_declared(tmp_path: Path) -> None:
    """Provider, optional, and the place."""
    asking = component("checkout", "consumes:\n  payment-api: {range: '>=2', from: payment, optional: true}\n")
    made = catalog(
        tmp_path,
        PAYMENT,
        asking,
        environment("versions: {payment: 2.0.0}\n"),
        rollout("  checkout: {from: 1.9.0, to: 2.0.0}\n"),
    )
    target = contracts_for(made, "spring", "prod").components["checkout"].target
    assert target is not None
    needed = target.consumes["payment-api"]
    assert needed == Requirement(">=2", "payment", True, location=needed.location)
    assert needed.location.startswith(str(tmp_path / "shop.yaml") + ":")


def test_a_target_that_is_not_among_the_declared_versions_is_a_warning(tmp_path: Path) -> None:
    """It is more often a slip than meant."""
    made = catalog(tmp_path, PAYMENT, environment(), rollout("  payment: {from: 1.8.0, to: 2.0.1}\n"))
    [warning] = plan_rollout(made, "spring", "prod").warnings
    assert warning.startswith("payment 2.0.1 is not among its declared versions (2.0.0)")


def test_other_declared_versions_are_alternatives(tmp_path: Path) -> None:
    """For the trigger form and for hints."""
    many = component(
        "payment", "versions:\n  1.8.0: {notes: old}\n  2.0.0: {notes: new}\n  2.1.0: {provides: {payment-api: 4}}\n"
    )
    made = catalog(tmp_path, many, environment(), rollout("  payment: {from: 1.8.0, to: 2.0.0}\n"))
    assert [r.version for r in contracts_for(made, "spring", "prod").components["payment"].alternatives] == ["2.1.0"]


def test_an_undeclared_version_is_unknown_where_only_some_versions_say_something(tmp_path: Path) -> None:
    """What every version has is known of it, too."""
    mail = component("mail", "versions:\n  1.0.0: {consumes: {payment-api: 2.4}}\n  2.0.0: {}\n")
    made = catalog(
        tmp_path,
        PAYMENT,
        mail,
        environment("versions: {mail: 1.5.0}\n"),
        rollout("  payment: {from: 1.8.0, to: 2.0.0}\n"),
    )
    with pytest.raises(PlanError, match=r"which payment-api mail needs is unknown, because 1\.5\.0 is not among"):
        plan_rollout(made, "spring", "prod")


def test_everything_that_some_version_of_an_unknown_neighbour_excludes_counts(tmp_path: Path) -> None:
    """The live one may be any of them."""
    guard = component(
        "guard", 'versions:\n  1.0.0: {incompatible: {agent: "<1"}}\n  2.0.0: {incompatible: {agent: "<3"}}\n'
    )
    agent = component("agent", "")
    made = catalog(tmp_path, guard, agent, environment(), rollout("  agent: {from: 0.9.0, to: 2.0.0}\n"))
    with pytest.raises(PlanError, match=r"guard must not run beside agent <1 \|\| <3"):
        plan_rollout(made, "spring", "prod")


def test_an_inline_component_of_another_rollout_is_a_neighbour(tmp_path: Path) -> None:
    """Wherever it is defined: it may be live."""
    mail = '  mail: {to: 1.0.0, consumes: {payment-api: "2.4"}, workload: {command: ["true"]}}\n'
    inline = rollout(mail).replace("name: spring", "name: other")
    made = catalog(tmp_path, PAYMENT, environment(), inline, rollout("  payment: {from: 1.8.0, to: 2.0.0}\n"))
    with pytest.raises(PlanError, match=r"payment cannot change alone: mail needs payment-api 2\.4"):
        plan_rollout(made, "spring", "prod")


def test_a_record_counts_in_every_spelling_of_a_version(tmp_path: Path) -> None:
    """v2.0 is 2.0.0."""
    record = (
        "---\napiVersion: convoy/v1\nkind: Verification\nname: pacts\nrecords:\n"
        "  - {consumer: mail, consumerVersion: v1.0, provider: payment, providerVersion: v2.0, result: refuted}\n"
    )
    made = catalog(
        tmp_path,
        component("payment", ""),
        component("mail", ""),
        environment("versions: {mail: 1.0.0}\n"),
        record,
        rollout("  payment: {from: 1.8.0, to: 2.0.0}\n"),
    )
    with pytest.raises(PlanError, match="was refuted"):
        plan_rollout(made, "spring", "prod")


def test_an_environment_that_contradicts_the_rollout_is_a_warning(tmp_path: Path) -> None:
    """One of the two is not up to date."""
    made = catalog(
        tmp_path, PAYMENT, environment("versions: {payment: 1.9.0}\n"), rollout("  payment: {from: 1.8.0, to: 2.0.0}\n")
    )
    assert plan_rollout(made, "spring", "prod").warnings == (
        "prod says that payment 1.9.0 is live, and the rollout goes from 1.8.0; "
        "if that is what is live, say so in both",
    )
