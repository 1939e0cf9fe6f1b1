"""What all importers share: names, references that lead nowhere, cycles, and the order of findings."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.manifest.importers.base import Edge, Finding, ImportFailed, convoy_name, graph_findings, in_order
from convoy.manifest.importers.components import Node, component_documents
from convoy.manifest.importers.cycles import cycles
from convoy.manifest.models.base import NAME_PATTERN

pairs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=25).map(
    lambda found: [(f"n{a}", f"n{b}") for a, b in found]
)


@settings(deadline=None)
@given(st.lists(st.text(max_size=80), max_size=20))
def test_every_text_becomes_a_valid_and_unique_name(texts: list[str]) -> None:
    """Whatever the source calls things, and however often."""
    taken: set[str] = set()
    names = [convoy_name(text, taken) for text in texts]
    assert all(re.fullmatch(NAME_PATTERN, name) for name in names)
    assert len(set(names)) == len(names)
    assert taken == set(names)


@settings(deadline=None)
@given(st.from_regex(NAME_PATTERN.strip("^$"), fullmatch=True))
def test_a_name_that_is_fine_is_kept(name: str) -> None:
    """So a caller sees from a difference that a name was changed."""
    assert convoy_name(name, set()) == name


def test_long_names_stay_unique() -> None:
    """The number that tells two apart fits into the length."""
    taken: set[str] = set()
    first, second = convoy_name("a" * 100, taken), convoy_name("a" * 100, taken)
    assert (len(first), len(second)) == (63, 63)
    assert first != second


@settings(deadline=None)
@given(pairs)
def test_a_cycle_is_found_exactly_where_there_is_one(found: list[tuple[str, str]]) -> None:
    """Compared with taking away what has no dependencies, again and again."""
    left = set(found)
    while True:
        tails = {tail for tail, _ in left}
        kept = {(tail, head) for tail, head in left if head in tails}
        if kept == left:
            break
        left = kept
    assert bool(cycles(found)) == bool(left)


@settings(deadline=None)
@given(pairs)
def test_every_step_of_a_cycle_is_a_reference(found: list[tuple[str, str]]) -> None:
    """No cycle is made up, and no node is passed twice."""
    for cycle in cycles(found):
        assert len(set(cycle)) == len(cycle)
        assert all(step in found for step in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_a_long_chain_is_no_problem() -> None:
    """Nothing is searched by recursion."""
    chain = [(f"n{i}", f"n{i + 1}") for i in range(20_000)]
    assert cycles(chain) == []
    assert len(cycles([*chain, ("n20000", "n0")])[0]) == 20_001


def test_a_reference_that_leads_nowhere_is_an_error_at_its_place() -> None:
    """With the closest name that exists."""
    [finding] = graph_findings(["cart", "redis"], [Edge("cart", "rediss", "a.yaml:3:5")])
    assert str(finding) == (
        "a.yaml:3:5: error: cart depends on rediss, which is not among what was read [dangling-reference]\n"
        "  hint: did you mean redis?"
    )


def test_an_optional_reference_that_leads_nowhere_is_a_warning() -> None:
    """What is not required may be absent."""
    [finding] = graph_findings(["cart"], [Edge("cart", "redis", "a.yaml:3:5", required=False)])
    assert finding.severity == "warning"


def test_a_cycle_names_every_reference_that_it_is_made_of() -> None:
    """Whichever of them is the wrong one."""
    edges = [Edge("a", "b", "f:1:1"), Edge("b", "c", "f:2:1"), Edge("c", "a", "f:3:1"), Edge("c", "c", "f:4:1")]
    cycle, loop = in_order(graph_findings("abc", edges))
    assert (cycle.location, cycle.message) == ("f:1:1", "a cycle of dependencies: a -> b -> c -> a")
    assert "f:2:1, f:3:1" in cycle.hint
    assert (loop.location, loop.message) == ("f:4:1", "c depends on itself")


def test_findings_are_sorted_by_line_as_a_number_and_each_is_there_once() -> None:
    """Line 10 comes after line 9."""
    nine, ten = Finding("note", "f:9:1", "x", "m"), Finding("note", "f:10:1", "x", "m")
    assert in_order([ten, nine, ten]) == (nine, ten)


def test_a_failed_import_says_everything() -> None:
    """All reasons, in order, in the text of the exception as well."""
    error = ImportFailed([Finding("error", "f:2:1", "x", "second"), Finding("error", "f:1:1", "x", "first")])
    assert [finding.message for finding in error.findings] == ["first", "second"]
    assert str(error).index("first") < str(error).index("second")


def documents(*edges: Edge) -> dict[str, Any]:
    """The dependsOn of component documents for nodes a and b."""
    findings: list[Finding] = []
    made = component_documents([Node("a", "f:1:1"), Node("b", "f:2:1")], edges, findings)
    return {document["name"]: document.get("dependsOn") for document in made}


def test_the_strictest_of_several_references_counts() -> None:
    """Required if one is; for the start only if all are."""
    both = documents(Edge("a", "b", "f:1:1", required=False, startup=True), Edge("a", "b", "f:1:2"))
    assert both == {"a": ["b"], "b": None}
    optional = documents(Edge("a", "b", "f:1:1", required=False), Edge("a", "b", "f:1:2", required=False, startup=True))
    assert optional["a"] == [{"name": "b", "required": False}]
    assert documents(Edge("a", "b", "f:1:1", startup=True))["a"] == [{"name": "b", "startup": True}]


def test_a_name_that_is_fine_never_gives_way_to_a_changed_one() -> None:
    """Wherever it stands in the source; the changed one is reported."""
    findings: list[Finding] = []
    made = component_documents([Node("My_App", "f:1:1"), Node("my-app", "f:2:1")], [], findings)
    assert [document["name"] for document in made] == ["my-app-2", "my-app"]
    assert [(finding.location, finding.code) for finding in findings] == [("f:1:1", "renamed")]
