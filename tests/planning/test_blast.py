"""The blast radius: who is affected, how near, and how hard."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.manifest.catalog import load
from convoy.planning.blast import blast_radius
from convoy.planning.contracts import Use
from convoy.planning.inputs import plan_rollout
from convoy.planning.plan import Affected

NAMES = [f"c{n}" for n in range(7)]
USES = st.lists(st.builds(Use, st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans()), max_size=14)


def test_the_direct_ones_come_first_and_the_others_say_through_whom() -> None:
    """web uses shop uses db; mail would only serve less."""
    uses = (Use("shop", "db"), Use("web", "shop"), Use("mail", "db", hard=False), Use("admin", "mail"))
    radius = blast_radius(uses, {"web": 5.0}, ["db"])
    assert radius.affected == (
        Affected("shop", 1, "db", True),
        Affected("mail", 1, "db", False),
        Affected("web", 2, "shop", True, 5.0),
        Affected("admin", 2, "mail", False),
    )
    assert [one.component for one in radius.direct] == ["shop", "mail"]
    assert [one.component for one in radius.transitive] == ["web", "admin"]
    assert radius.weight == 1 + 1 + 1 + 5 + 1


@settings(max_examples=200, deadline=None)
@given(USES, st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
def test_everybody_on_a_chain_is_found_once_and_hard_only_if_a_whole_chain_is(
    uses: list[Use], changing: list[str]
) -> None:
    """Against the plain definition, by following uses until nothing is added."""
    radius = blast_radius(uses, {}, changing)

    def closure(only_hard: bool) -> set[str]:
        found = set(changing)
        while more := {u.consumer for u in uses if u.provider in found and (u.hard or not only_hard)} - found:
            found |= more
        return found - set(changing)

    assert sorted(a.component for a in radius.affected) == sorted(closure(only_hard=False))
    assert {a.component for a in radius.affected if a.hard} == closure(only_hard=True)


MANIFESTS = """\
apiVersion: convoy/v1
kind: Component
name: db
provides: {db-api: 1}
---
apiVersion: convoy/v1
kind: Component
name: shop
weight: 3
consumes: {db-api: 1}
---
apiVersion: convoy/v1
kind: Component
name: web
weight: 10
dependsOn: [shop]
---
apiVersion: convoy/v1
kind: Component
name: stats
dependsOn: [{name: web, required: false}]
---
apiVersion: convoy/v1
kind: Component
name: report
dependsOn: [{name: db, startup: true}]
---
apiVersion: convoy/v1
kind: Rollout
name: spring
environment: local
components:
  db: {from: 1.0.0, to: 1.1.0}
""".replace("name: db\n", 'name: db\nworkload: {command: ["true"]}\n')


def test_it_reaches_over_the_whole_catalog(tmp_path: Path) -> None:
    """Also over components that no contract of the rollout touches; what needs it at the start only is not affected."""
    (tmp_path / "shop.yaml").write_text(MANIFESTS, encoding="utf-8")
    loaded = load([tmp_path])
    assert loaded.diagnostics == ()
    radius = plan_rollout(loaded.catalog, "spring", "local").blast_radius
    assert [(a.component, a.distance, a.through, a.hard, a.weight) for a in radius.affected] == [
        ("shop", 1, "db", True, 3.0),
        ("web", 2, "shop", True, 10.0),
        ("stats", 3, "web", False, 1.0),
    ]
    assert radius.changed == 1.0
