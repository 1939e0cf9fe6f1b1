"""Plans for the tests of formats: everyday ones, empty and huge ones, and one full of text that wants to break out."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import strategies as st
from tests.planning.shop import shop
from tests.planning.systems import lockstep, moving, provider_first, system

from convoy.planning.contracts import Use
from convoy.planning.plan import (
    Affected,
    Arc,
    Batch,
    BlastRadius,
    Cell,
    Plan,
    PlannedChange,
    PointOfNoReturn,
)
from convoy.planning.planner import make_plan

HOSTILE = (
    'a "quoted" name',
    "pipe | and `code` and ```",
    "<b onclick=alert(1)>html</b> & </title></text></svg>",
    "line\nbreak\r\n%%{init: {'theme':'x'}}%%\nend",
    "] --> b1; style b1 fill:#f00;",
    "@octocat and #1 and [link](https://example.com) ![x](y)",
    'back\\slash \\N \\" */ // {}',
    "**bold** _it_ ~~no~~ $x$ <!-- --> &lt; &#35;",
    "宽字符宽字符宽字符宽字符宽字符宽字符 \u202eright to left\u202c \x00\x1b[31m",
    "- 1. > # end graph subgraph click",
)

TEXTS = st.text(st.one_of(st.sampled_from("@#<>&|`*_[](){}~$!\\\"';:%-+.1a \n\t"), st.characters()))
"""Any text, with many of the characters that mean something in one of the formats."""


def hostile() -> Plan:
    """Every text in it is one of ``HOSTILE``, and every batch is special."""
    batches = tuple(
        Batch(
            name,
            (PlannedChange(name + " one", name, name), PlannedChange(name + " two", None, name)),
            (HOSTILE[index - 1],) if index else (),
            lockstep=index % 2 == 0,
            expected_seconds=float(index),
            on_failure="park" if index % 3 == 0 else "rollback",
            reversible=index % 4 != 0,
            runbook=name,
            acceptance=name,
        )
        for index, name in enumerate(HOSTILE)
    )
    arcs = tuple(
        Arc(f"{later} one", f"{earlier} two", kind, f"{earlier} before {later}: {reason}", "x.yaml:1:1")
        for earlier, later, kind, reason in zip(
            HOSTILE, HOSTILE[1:], ["contract", "start-order", "wish"] * 3, HOSTILE[::-1], strict=False
        )
    )
    cells = tuple(Cell(n, n, n, None, n, f"during {n}", i % 2 == 0, n) for i, n in enumerate(HOSTILE))
    return Plan(
        rollout=HOSTILE[0],
        environment=HOSTILE[2],
        batches=batches,
        arcs=arcs,
        certificate=cells,
        rollback_order=HOSTILE[::-1],
        critical_path=HOSTILE,
        makespan=45.0,
        lower_bound=45.0,
        warnings=HOSTILE,
        points_of_no_return=tuple(PointOfNoReturn(n, f"{n} one", n) for n in HOSTILE[::4]),
        blast_radius=BlastRadius(2.0, tuple(Affected(n, 1 + i, n, i % 2 == 0) for i, n in enumerate(HOSTILE))),
    )


def final() -> Plan:
    """The shop, with a change that cannot be undone, and components that are affected."""
    contracts = shop()
    payment = contracts.components["payment"]
    assert payment.target is not None
    changed = replace(payment, target=replace(payment.target, reversible=False))
    uses = (
        Use("checkout", "payment"),
        Use("frontend", "checkout"),
        Use("mobile", "frontend"),
        Use("ads", "cart", False),
    )
    return make_plan(
        replace(
            contracts,
            components={**contracts.components, "payment": changed},
            uses=uses,
            weights={"frontend": 5.0, "mobile": 3.0},
            on_failure="park",
        )
    )


def empty() -> Plan:
    """No batch at all."""
    return Plan("nothing", "prod", (), (), (), (), (), 0.0, 0.0)


def large(number: int, most_edges: int = 3, name: str = "service") -> Plan:
    """So many batches, each behind a few of the twenty before it."""
    random = Random(number)
    components = []
    for index in range(number):
        near = range(max(0, index - 20), index)
        required = random.sample(near, min(len(near), random.randint(0, most_edges)))
        depends_on = [f"{name}-{other:03d}" for other in sorted(required)]
        components.append(moving(f"{name}-{index:03d}", depends_on=depends_on, seconds=random.randint(5, 300)))
    return make_plan(system(*components), task_budget=10**9)


EVERYDAY = {
    "single": lambda: make_plan(system(moving("checkout"))),
    "provider_first": lambda: make_plan(provider_first()),
    "lockstep": lambda: make_plan(lockstep()),
    "shop": lambda: make_plan(shop()),
    "final": final,
}
