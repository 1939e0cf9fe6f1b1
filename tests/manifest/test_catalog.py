"""Loading: what is found where, and which rollouts a mistake touches."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoy.manifest.catalog import LoadResult, load
from convoy.manifest.diagnostics import ManifestError

RUN = "workload: {command: [./run]}"


def component(name: str, more: str = RUN) -> str:
    """A Component document."""
    return f"---\napiVersion: convoy/v1\nkind: Component\nname: {name}\n{more}\n"


def rollout(name: str, *components: str, more: str = "environment: local") -> str:
    """A Rollout document that takes components to 1.0.0."""
    changes = "".join(f"  {c}: {{to: 1.0.0}}\n" for c in components)
    return f"---\napiVersion: convoy/v1\nkind: Rollout\nname: {name}\n{more}\ncomponents:\n{changes}"


def write(folder: Path, **files: str) -> LoadResult:
    """Load a folder of these files; in the names, _ stands for a slash."""
    for name, text in files.items():
        path = folder / (name.replace("_", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load([folder])


def codes(loaded: LoadResult) -> list[str]:
    """The codes of the diagnostics, in order."""
    return [diagnostic.code for diagnostic in loaded.diagnostics]


def test_a_folder_is_read_as_a_whole(tmp_path: Path) -> None:
    """Below it too, with both suffixes; hidden files and other files are not manifests."""
    (tmp_path / "notes.txt").write_text("no: [manifest")
    (tmp_path / ".hidden.yaml").write_text("no: [manifest")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("no: [manifest")
    (tmp_path / "short.yml").write_text(component("short"))
    loaded = write(tmp_path, a=component("a"), b_c_d=component("deep"))
    assert loaded.diagnostics == ()
    assert sorted(loaded.catalog.components) == ["a", "deep", "short"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    """Overlapping paths and links are no duplicates."""
    write(tmp_path, a=component("a"))
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")
    assert load([tmp_path, tmp_path / "a.yaml"]).diagnostics == ()


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """It is not an empty folder."""
    assert codes(load([tmp_path / "nowhere"])) == ["not-found"]


def test_the_local_environment_exists_without_a_manifest(tmp_path: Path) -> None:
    """And a manifest of that name takes its place."""
    assert load([tmp_path]).catalog.environments["local"].target.kind == "processes"
    assert load([tmp_path]).catalog.where("environment", "local") == "built-in"
    text = "apiVersion: convoy/v1\nkind: Environment\nname: local\ntarget: {kind: webhook, connection: c}\n"
    assert write(tmp_path, env=text).catalog.environments["local"].target.kind == "webhook"


def test_everything_knows_where_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents, keys and list entries; the nearest place where a path goes on beyond what is there."""
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(
        component("ads") + component("cart", f"{RUN}\ndependsOn: [ads]\nconsumes: {{ads-api: ^1}}")
    )
    catalog = load(["m.yaml"]).catalog
    assert catalog.where("component", "cart") == "m.yaml:7:1"
    assert catalog.locate("component", "cart", ("dependsOn", 0)) == "m.yaml:11:13"
    assert catalog.locate("Component", "cart", ("consumes", "ads-api")) == "m.yaml:12:12"
    assert catalog.locate("component", "cart", ("consumes", "ads-api", "range")) == "m.yaml:12:12"
    assert catalog.locate("component", "cart", ("gates", "health")) == "m.yaml:7:1"
    with pytest.raises(KeyError):
        catalog.where("component", "nobody")


def test_a_catalog_cannot_be_changed(tmp_path: Path) -> None:
    """It is a value."""
    catalog = write(tmp_path, a=component("a")).catalog
    with pytest.raises(TypeError):
        catalog.components["b"] = catalog.components["a"]  # type: ignore[index]


def test_errors_can_be_raised_all_at_once(tmp_path: Path) -> None:
    """Sorted by place."""
    loaded = write(tmp_path, b="x: [", a=component("a", "owner: 5"))
    with pytest.raises(ManifestError) as caught:
        loaded.raise_for_errors()
    assert [Path(d.file).name for d in caught.value.diagnostics] == ["a.yaml", "b.yaml"]
    assert str(caught.value).count("error:") == 2


@pytest.mark.parametrize("damage", ["x: [", "owner: 5", "owner: a\nowner: b", "\ttab: 1", "unknownKey: 1", "<<: {}"])
def test_a_bad_document_breaks_what_needs_it_and_nothing_else(tmp_path: Path, damage: str) -> None:
    """Whatever the mistake is: by syntax, by schema, by structure."""
    loaded = write(
        tmp_path,
        bad=component("cart", f"{RUN}\n{damage}") + component("email"),
        good=component("ads"),
        rollouts=rollout("spring", "cart", "ads") + rollout("summer", "ads") + rollout("autumn", "email"),
    )
    assert set(loaded.broken) == {"spring"}
    assert set(codes(loaded)) >= {"broken-reference"}
    assert "unknown-reference" not in codes(loaded)
    assert any(Path(d.file).name == "bad.yaml" for d in loaded.broken["spring"])


def test_a_bad_rollout_breaks_only_itself(tmp_path: Path) -> None:
    """Other rollouts of the same components go on, and the broken one is known by its name."""
    bad = rollout("spring", "cart") + "onFailure: [\n"
    loaded = write(tmp_path, cart=component("cart"), bad=bad, good=rollout("summer", "cart"))
    assert list(loaded.broken) == ["spring"]
    assert list(loaded.catalog.rollouts) == ["summer"]


def test_a_file_that_cannot_be_read_at_all_breaks_what_it_defines(tmp_path: Path) -> None:
    """Its names are made out as far as possible."""
    (tmp_path / "bad.yaml").write_bytes(
        component("cart").encode() + b"description: \xff\n" + rollout("winter", "ads").encode()
    )
    loaded = write(tmp_path, ads=component("ads"), r=rollout("spring", "cart") + rollout("summer", "ads"))
    assert set(loaded.broken) == {"spring", "winter"}


def test_a_bad_environment_breaks_its_rollouts(tmp_path: Path) -> None:
    """And no rollout of another environment."""
    env = "apiVersion: convoy/v1\nkind: Environment\nname: prod\ntarget: {kind: nowhere}\n"
    r = rollout("spring", "cart", more="environments: [local, prod]") + rollout("summer", "cart")
    loaded = write(tmp_path, env=env, cart=component("cart"), r=r)
    assert set(loaded.broken) == {"spring"}


def test_a_bad_system_breaks_the_rollouts_of_its_components(tmp_path: Path) -> None:
    """Their defaults are not known."""
    system = "apiVersion: convoy/v1\nkind: System\nname: shop\nowner: 5\n"
    parts = component("cart", f"{RUN}\nsystem: shop") + component("ads")
    loaded = write(tmp_path, system=system, parts=parts, r=rollout("spring", "cart") + rollout("summer", "ads"))
    assert set(loaded.broken) == {"spring"}
    assert loaded.broken["spring"][0].code == "wrong-type"


@pytest.mark.parametrize("damage", ["owner: 5", "owner: [", "consumes: {x: 'not a range'}"])
def test_a_contract_that_cannot_be_read_proves_nothing(tmp_path: Path, damage: str) -> None:
    """An unchanged consumer of a changed interface is needed too: without its range, the order would be a guess."""
    consumer = component("legacy", f"{RUN}\nversions: {{1.0.0: {{consumes: {{pay-api: ^2}}}}}}\n{damage}")
    provider = component("payment", f"{RUN}\nprovides: {{pay-api: 3}}")
    r = rollout("spring", "payment") + rollout("summer", "ads")
    loaded = write(tmp_path, legacy=consumer, payment=provider, ads=component("ads"), r=r)
    assert set(loaded.broken) == {"spring"}


def test_a_dependency_outside_of_the_rollout_may_be_broken(tmp_path: Path) -> None:
    """Only its start order would matter, and it does not start."""
    parts = component("cart", f"{RUN}\ndependsOn: [store]")
    loaded = write(tmp_path, store=component("store", "owner: 5"), cart=parts, r=rollout("spring", "cart"))
    assert loaded.broken == {}
    assert codes(loaded) == ["wrong-type"]


def test_a_document_without_a_name_is_suggested_for_an_unknown_one(tmp_path: Path) -> None:
    """What cannot be read may define what is missing."""
    loaded = write(tmp_path, bad="kind: [Component\n", r=rollout("spring", "cart", more="environment: prod"))
    hints = [d.hint for d in loaded.diagnostics if d.code == "unknown-reference"]
    assert len(hints) == 1
    assert "bad.yaml" in hints[0]


def test_every_duplicate_names_the_first(tmp_path: Path) -> None:
    """Also across files, and when one of them has errors."""
    loaded = write(tmp_path, a=component("x"), b=component("x", "owner: 5"), c=component("x"), r=rollout("spring", "x"))
    duplicates = [d for d in loaded.diagnostics if d.code == "duplicate-name"]
    assert [Path(d.file).name for d in duplicates] == ["b.yaml", "c.yaml"]
    assert all("a.yaml:4:7" in d.message for d in duplicates)
    assert "spring" in loaded.broken


def test_one_name_may_stand_under_several_kinds(tmp_path: Path) -> None:
    """A rollout may be called like its component."""
    assert write(tmp_path, a=component("cart"), r=rollout("cart", "cart")).diagnostics == ()


def test_a_small_rollout_for_an_external_target_needs_no_definitions(tmp_path: Path) -> None:
    """Names, versions and start order are enough; a near miss of a manifest's name is taken for a slip."""
    env = "apiVersion: convoy/v1\nkind: Environment\nname: prod\ntarget: {kind: webhook, connection: c}\n"
    external = component("checkout", "workload: {kind: external}")
    loaded = write(tmp_path, env=env, c=external, r=rollout("spring", "payment", "chekout", more="environment: prod"))
    assert [d.message for d in loaded.diagnostics] == ["unknown component chekout"]


@pytest.mark.parametrize(
    "hidden",
    [
        "---\napiVersion: convoy/v1\nkind: Component\nnmae: mail\nconsumes: {pay-api: 1}\n",
        "---\napiVersion: convoy/v1\nkind: Compnent\nname: mail\nconsumes: {pay-api: 1}\n",
        "---\napiVersion: convoy/v1\nkind: Component\n\tname: mail\nconsumes: {pay-api: 1}\n",
        "---\napiVersion: convoy/v1\nkind: Interface\nversionScheme: calver\ndescription: of pay-api\n",
        "---\napiVersion: convoy/v1\nkind: Verification\nrecords: [{consumer: mail, provider: pay}]\n",
    ],
    ids=["no name", "no kind", "no syntax", "nameless interface", "nameless records"],
)
def test_a_document_that_may_be_a_contract_breaks_what_it_mentions(tmp_path: Path, hidden: str) -> None:
    """Nobody can tell what it defines, so nothing is proven for rollouts whose words it has; others go on."""
    pay = component("pay", f"{RUN}\nprovides: {{pay-api: 1}}")
    loaded = write(tmp_path, a=pay, b=component("far"), c=rollout("r", "pay"), d=rollout("s", "far"), e=hidden)
    assert set(loaded.broken) == {"r"}


def test_an_excluded_component_that_cannot_be_read_breaks_the_rollout(tmp_path: Path) -> None:
    """Its version decides, and what it says is not known."""
    pay = component("pay", f'{RUN}\nincompatible: {{agent: "<2"}}')
    loaded = write(tmp_path, a=pay, b=component("agent", f"{RUN}\nnonsense: 1"), c=rollout("r", "pay"))
    assert set(loaded.broken) == {"r"}


def test_a_format_that_nobody_writes_is_a_warning(tmp_path: Path) -> None:
    """More often a slip than meant."""
    shop = component("shop", f"{RUN}\ndata: {{orders: {{writes: 1}}}}")
    loaded = write(tmp_path, a=shop, b=component("report", f"{RUN}\ndata: {{oders: {{reads: 1}}}}"))
    [warning] = loaded.diagnostics
    assert (warning.severity, warning.code, warning.message) == ("warning", "never-written", "nothing writes oders")
    assert warning.hint == "did you mean orders?"


def test_a_migration_that_removes_what_it_writes_is_an_error(tmp_path: Path) -> None:
    """It could never be done."""
    assert codes(write(tmp_path, a=component("m", f"{RUN}\ndata: {{o: {{migrates: 1 - 2, writes: 2}}}}"))) == [
        "never-written",
        "migrates-itself",
    ]
