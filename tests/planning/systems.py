"""Small systems for the planner's tests: builders for examples, and a Hypothesis strategy for random ones."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from convoy.planning.contracts import (
    ComponentContract,
    Contracts,
    DataContract,
    Dependency,
    Effort,
    Incompatibility,
    Release,
    Requirement,
    Verification,
)

MAX_COMPONENTS = 8


def release(
    version: str | None,
    provides: dict[str, str] | None = None,
    needs: dict[str, str | Requirement] | None = None,
    coexists: bool = True,
) -> Release:
    """A release; a bare range stands for a requirement."""
    consumes = {i: r if isinstance(r, Requirement) else Requirement(r) for i, r in (needs or {}).items()}
    return Release(version, provides or {}, consumes, coexists)


def component(
    name: str,
    current: Release | None,
    target: Release | None = None,
    *,
    depends_on: Iterable[str | Dependency] = (),
    seconds: float = 10.0,
    strategy: str = "rolling",
    alternatives: tuple[Release, ...] = (),
) -> ComponentContract:
    """A component, with start order by bare names."""
    edges = tuple(d if isinstance(d, Dependency) else Dependency(d, location=f"{name}.yaml:3:5") for d in depends_on)
    return ComponentContract(
        name=name,
        current=current,
        target=target,
        depends_on=edges,
        strategy=strategy,
        effort=Effort(seconds),
        alternatives=alternatives,
        location=f"{name}.yaml:1:1",
    )


def moving(name: str, *, depends_on: Iterable[str | Dependency] = (), seconds: float = 10.0) -> ComponentContract:
    """A component without contracts that goes from 1.0.0 to 2.0.0."""
    return component(name, release("1.0.0"), release("2.0.0"), depends_on=depends_on, seconds=seconds)


def system(*components: ComponentContract, **more: object) -> Contracts:
    """The contracts of a rollout called spring in prod."""
    return Contracts("spring", "prod", {c.name: c for c in components}, **more)  # type: ignore[arg-type]


def provider_first() -> Contracts:
    """checkout's new version needs payment's new one; the old one works with both."""
    return system(
        component("payment", release("1.8.0", {"payment-api": "2.4"}), release("2.0.0", {"payment-api": "3"})),
        component(
            "checkout",
            release("1.9.0", needs={"payment-api": ">=2"}),
            release("2.0.0", needs={"payment-api": Requirement(">=3", location="checkout.yaml:9:7")}),
        ),
    )


def lockstep(strategy: str = "blueGreen") -> Contracts:
    """a and b fit only in equal versions."""
    return system(
        component("a", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"}), strategy=strategy),
        component("b", release("1.0.0", needs={"x": "1"}), release("2.0.0", needs={"x": "2"}), strategy=strategy),
    )


@st.composite
def systems(draw: st.DrawFn, start_order: bool = False, most: int = MAX_COMPONENTS) -> Contracts:
    """Up to ``most`` components with random contracts: new, changing, unchanged and unknown ones, peers, optional
    needs, data with readers, writers and migrations, exclusions, verification records.

    Interface ``i-x`` is provided by x alone, in versions 1 to 3. Ranges mostly accept what the provider offers at the
    same end of the change, because otherwise hardly any system could be rolled out at all."""
    names = [f"c{n}" for n in range(draw(st.integers(1, most)))]
    kinds = {
        name: draw(st.sampled_from(["changes"] * 6 + ["new"] * 2 + ["unchanged"] * 2 + ["unknown"])) for name in names
    }
    if not {"changes", "new"} & set(kinds.values()):
        kinds[names[0]] = "changes"
    offers = {name: [_offer(draw), _offer(draw)] for name in names}
    stored = draw(st.integers(0, 9)) < 3
    for name, kind in kinds.items():
        if kind in ("unchanged", "unknown"):
            offers[name][1] = offers[name][0]
    components = []
    # One migration at most: of several that remove the same versions the planner waits for all, to be safe.
    new = [name for name, kind in kinds.items() if kind == "new"]
    migration = new[0] if new and stored and draw(st.booleans()) else None
    for name, kind in kinds.items():
        consumed = [other for other in names if draw(st.integers(0, 9)) < (1 if other == name else 4)]
        ends = [
            Release(
                f"{end + 1}.0.0",
                {f"i-{name}": offer} if (offer := offers[name][end]) else {},
                {f"i-{o}": _need(draw, offers[o][end]) for o in consumed if draw(st.integers(0, 9)) < 8},
                coexists=draw(st.sampled_from([True] * 37 + [False, ">=1", "<1"])),
                data=_data(draw, end, name == migration) if stored else {},
                incompatible=_exclusions(draw, [n for n in names if n != name]),
                upgrades_from=draw(st.sampled_from([None] * 38 + ["1", ">=2"])),
            )
            for end in (0, 1)
        ]
        if kind == "unknown":
            ends[0] = _unknown(draw, ends[0], name, names)
        others = [n for n in names if n != name]
        components.append(
            component(
                name,
                None if kind == "new" else ends[0],
                None if kind in ("unchanged", "unknown") else ends[1],
                strategy=draw(st.sampled_from(["rolling", "canary", "blueGreen", "blueGreen", "recreate"])),
                seconds=float(draw(st.integers(1, 30))),
                depends_on=[n for n in others if draw(st.integers(0, 3)) == 0] if start_order else (),
            )
        )
    return system(*components, verifications=_records(draw, names))


def _offer(draw: st.DrawFn) -> str:
    """A version, or now and then none."""
    return draw(st.sampled_from(["1", "1", "1", "2", "2", "2", "3", "3", "3", ""]))


def _need(draw: st.DrawFn, offered: str) -> Requirement:
    fitting = ["*", "1 || 2 || 3", offered, offered, f">={offered}", f"<={offered}", "{1, 2}"] if offered else ["*"]
    anything = ["1", "2", "3", ">=2", "<3", "1 || 3", "verified"]
    text = draw(st.sampled_from(fitting if draw(st.integers(0, 19)) else anything))
    return Requirement(text, optional=draw(st.integers(0, 4)) == 0, startup=draw(st.integers(0, 9)) == 0)


def _data(draw: st.DrawFn, end: int, migrates: bool) -> dict[str, DataContract]:
    """How a release deals with one format: mostly not at all, or in ways that fit the others."""
    if migrates:
        return {"orders": DataContract(writes="2", migrates="1")}
    writes = draw(st.sampled_from([None, None, "1", "1" if end == 0 else "2"]))
    reads = draw(st.sampled_from([None, None, "1 || 2", "1 || 2", "1" if end == 0 else "2", ">=1"]))
    return {"orders": DataContract(writes, reads)} if writes or reads else {}


def _exclusions(draw: st.DrawFn, others: list[str]) -> dict[str, Incompatibility]:
    if not others or draw(st.integers(0, 29)):
        return {}
    return {draw(st.sampled_from(others)): Incompatibility(draw(st.sampled_from(["1", "2", "<3"])))}


def _unknown(draw: st.DrawFn, release: Release, name: str, names: list[str]) -> Release:
    """An unchanged component of which nobody knows the version."""
    unclear = release.data and draw(st.booleans())
    return Release(
        None,
        {},
        {i: r for i, r in release.consumes.items() if i != f"i-{names[0]}"},
        uncertain_provides=tuple(release.provides),
        uncertain_consumes=tuple(i for i in release.consumes if i == f"i-{names[0]}" and name != names[0]),
        data={} if unclear else release.data,
        uncertain_data=tuple(release.data) if unclear else (),
        incompatible=release.incompatible,
    )


def _records(draw: st.DrawFn, names: list[str]) -> tuple[Verification, ...]:
    """Now and then a record about a pair of versions of two components."""
    versions, results = (
        st.sampled_from(["1.0.0", "2.0.0"]),
        st.sampled_from(["verified", "verified", "refuted", "accepted"]),
    )
    pairs = st.lists(st.tuples(st.sampled_from(names), versions, st.sampled_from(names), versions, results), max_size=3)
    found = draw(pairs) if draw(st.integers(0, 4)) == 0 else []
    return tuple(Verification(*record, by="ann" if record[4] == "accepted" else "") for record in found)
