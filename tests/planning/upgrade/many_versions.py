"""Small systems of several versions each: a Hypothesis strategy."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from tests.planning.systems import component, system

from convoy.planning.contracts import Contracts, DataContract, Incompatibility, Release, Requirement, Verification

WORDS = ("1.0.0", "2.0.0", "3.0.0")


@st.composite
def many_versions(draw: st.DrawFn, most: int = 4, start_order: bool = False) -> Contracts:
    """Up to ``most`` components with up to three versions: changing ones, also downwards, new and unchanged ones,
    peers, optional needs and needs at the start, exclusions, records, versions that follow only some; and data with
    migrations, or start order.

    What a version offers mostly has its own number, and ranges mostly take that number or one beside it, so that ways
    often exist and are seldom direct."""
    names = [f"c{n}" for n in range(draw(st.integers(1, most)))]
    kinds = {name: draw(st.sampled_from(["changes"] * 6 + ["new", "unchanged", "back", "middle"])) for name in names}
    if set(kinds.values()) == {"unchanged"}:
        kinds[names[0]] = "changes"
    stored = not start_order and draw(st.integers(0, 9)) < 4
    components = []
    for name, kind in kinds.items():
        consumed = [other for other in names if draw(st.integers(0, 9)) < (1 if other == name else 4)]
        count = draw(st.sampled_from([2, 3, 3, 3]))
        releases = [
            Release(
                WORDS[number],
                {f"i-{name}": offer} if (offer := _offer(draw, number)) else {},
                {f"i-{o}": _need(draw, number) for o in consumed if draw(st.integers(0, 9)) < 8},
                coexists=draw(st.sampled_from([True] * 25 + [False, "2", "<3"])),
                data=_data(draw, number) if stored and draw(st.booleans()) else {},
                incompatible=_exclusions(draw, [n for n in names if n != name]),
                reversible=bool(draw(st.integers(0, 9))),
                upgrades_from=_follows(draw, number),
                location=f"{name}.yaml:{number + 2}:3",
            )
            for number in range(count)
        ]
        if kind == "back":
            releases = [replace(release, upgrades_from=None) for release in releases[::-1]]
        elif kind == "middle":
            # The target is not the latest of them.
            releases = [releases[0], *releases[2:], releases[1]]
        elif kind == "unchanged":
            releases = releases[-1:]
        others = [n for n in names if n != name]
        components.append(
            component(
                name,
                None if kind == "new" else releases[0],
                None if kind == "unchanged" else releases[-1],
                alternatives=tuple(releases[1:-1]) if kind != "new" else tuple(releases[:-1]),
                strategy=draw(st.sampled_from(["rolling", "rolling", "canary", "blueGreen", "recreate", "recreate"])),
                depends_on=[n for n in others if draw(st.integers(0, 4)) == 0] if start_order else (),
            )
        )
    return system(*components, verifications=_records(draw, names))


def _follows(draw: st.DrawFn, number: int) -> str | None:
    """Mostly anything; sometimes the version before, which the first one does not have."""
    every = None if number == 0 else str(number)
    return draw(st.sampled_from([None, None, None, every, every, ">=2" if draw(st.integers(0, 4)) == 0 else None]))


def _offer(draw: st.DrawFn, number: int) -> str:
    own = str(number + 1)
    return draw(st.sampled_from([own] * 12 + ["1", "2", "3", ""]))


def _need(draw: st.DrawFn, number: int) -> Requirement:
    own, before, after = number + 1, max(1, number), min(3, number + 2)
    fitting = [
        "*",
        f"{own}",
        f"{before} || {own}",
        f"{before} || {own}",
        f"{own} || {after}",
        f"{own} || {after}",
        f"{before} || {own} || {after}",
        f">={own}",
        f"<={own}",
    ]
    anything = ["1", "2", "3", ">=2", "<3", "verified"]
    text = draw(st.sampled_from(fitting if draw(st.integers(0, 29)) else anything))
    return Requirement(text, optional=draw(st.integers(0, 5)) == 0, startup=draw(st.integers(0, 9)) == 0)


def _data(draw: st.DrawFn, number: int) -> dict[str, DataContract]:
    """How a release deals with one format: it writes its own number or the one before, and reads some around it."""
    if draw(st.integers(0, 4)) == 0 and number:
        return {"orders": DataContract(writes=str(number + 1), migrates=f"<={number}")}
    writes = draw(st.sampled_from([None, None, str(number + 1), str(max(1, number))]))
    reads = draw(st.sampled_from([None, "*", "*", f"<={number + 1}", f"<={number + 2}", f">={number + 1}"]))
    return {"orders": DataContract(writes, reads)} if writes or reads else {}


def _exclusions(draw: st.DrawFn, others: list[str]) -> dict[str, Incompatibility]:
    if not others or draw(st.integers(0, 29)):
        return {}
    return {draw(st.sampled_from(others)): Incompatibility(draw(st.sampled_from(["1", "2", "3"])))}


def _records(draw: st.DrawFn, names: list[str]) -> tuple[Verification, ...]:
    return tuple(
        Verification(
            draw(st.sampled_from(names)),
            draw(st.sampled_from(WORDS)),
            draw(st.sampled_from(names)),
            draw(st.sampled_from(WORDS)),
            draw(st.sampled_from(["verified", "verified", "refuted"])),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
