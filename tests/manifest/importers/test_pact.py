"""The matrix of a Pact broker: what becomes a verification record, and what stays unknown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.importers.gitops import lint

from convoy.manifest.catalog import load
from convoy.manifest.importers.base import Imported, ImportFailed, Options
from convoy.manifest.importers.pact import import_pact
from convoy.manifest.importers.writer import manifest_files
from convoy.planning.inputs import plan_rollout

RESULTS = {True: "verified", False: "refuted"}


def row(
    consumer: str,
    provider: str,
    success: bool | None = True,
    at: str | None = "2026-03-01T10:00:00+00:00",
    published: str | None = "2026-02-01T10:00:00+00:00",
    **more: Any,
) -> dict[str, Any]:
    """A row as a broker writes it; participants are given as ``name@version``, or as ``name`` without one."""
    sides = {}
    for side, text in (("consumer", consumer), ("provider", provider)):
        name, at_sign, version = text.partition("@")
        sides[side] = {"name": name, "version": {"number": version, "branch": "main"} if at_sign else None}
    result = None if success is None else {"success": success, "verifiedAt": at}
    return {**sides, "pact": {"createdAt": published}, "verificationResult": result, **more}


def save(folder: Path, *rows: Any, name: str = "matrix.json") -> Path:
    """A file with these rows."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(json.dumps({"summary": {"deployable": None}, "matrix": rows}, indent=1))
    return path


def imported(folder: Path, *rows: Any) -> Imported:
    """These rows imported; what comes of it passes the lint."""
    result = import_pact([save(folder, *rows)], Options())
    lint(result, folder / "written")
    return result


def component(result: Imported, name: str) -> dict[str, Any]:
    """The Component document of a name."""
    return next(d for d in result.documents if d["kind"] == "Component" and d["name"] == name)


def records(result: Imported) -> list[dict[str, Any]]:
    """The records of the Verification document; none where there is no such document."""
    return [record for d in result.documents if d["kind"] == "Verification" for record in d["records"]]


def found(result: Imported, code: str) -> list[tuple[str, str]]:
    """Severity and message of the findings with a code."""
    return [(finding.severity, finding.message) for finding in result.findings if finding.code == code]


def test_a_success_is_verified_and_a_failure_is_refuted(tmp_path: Path) -> None:
    """Both are knowledge; the address of the result comes along as evidence."""
    link = {"success": True, "verifiedAt": "2026-03-01T10:00:00Z", "_links": {"self": {"href": "https://broker/1"}}}
    result = imported(
        tmp_path,
        row("checkout@2.0.0", "payment@1.8.0", verificationResult=link),
        row("checkout@2.0.0", "payment@1.7.0", success=False),
    )
    assert records(result) == [
        {
            "consumer": "checkout",
            "consumerVersion": "2.0.0",
            "provider": "payment",
            "providerVersion": "1.8.0",
            "result": "verified",
            "evidence": "https://broker/1",
        },
        {
            "consumer": "checkout",
            "consumerVersion": "2.0.0",
            "provider": "payment",
            "providerVersion": "1.7.0",
            "result": "refuted",
        },
    ]


def test_components_work_with_what_the_records_say_and_nothing_else(tmp_path: Path) -> None:
    """The provider provides its pact, the consumer takes the range ``verified`` of it; versions are in order."""
    result = imported(
        tmp_path,
        row("checkout@2.0.0", "payment@1.10.0"),
        row("checkout@1.9.0", "payment@1.9.0"),
    )
    assert component(result, "checkout") == {
        "apiVersion": "convoy/v1",
        "kind": "Component",
        "name": "checkout",
        "consumes": {"payment-pact": "verified"},
        "versions": {"1.9.0": {}, "2.0.0": {}},
    }
    assert component(result, "payment")["provides"] == {"payment-pact": "1"}
    assert list(component(result, "payment")["versions"]) == ["1.9.0", "1.10.0"]
    assert result.pairs == {("checkout", "payment")}


@pytest.mark.parametrize(
    "unknown",
    [row("checkout@2.0.0", "payment", success=None), row("checkout@2.0.0", "payment@1.8.0", success=None)],
    ids=["no provider version", "no result"],
)
def test_what_was_not_verified_is_unknown_and_no_record(tmp_path: Path, unknown: dict[str, Any]) -> None:
    """Null is neither a success nor a failure. It is said, at its place."""
    result = imported(tmp_path, unknown)
    assert records(result) == []
    (finding,) = [finding for finding in result.findings if finding.code == "unverified"]
    assert (finding.severity, finding.location) == ("warning", f"{tmp_path}/matrix.json:6:3")
    assert component(result, "checkout")["consumes"] == {"payment-pact": "verified"}


@pytest.mark.parametrize("first", [True, False])
def test_of_contradicting_results_the_latest_counts(tmp_path: Path, first: bool) -> None:
    """Whatever the order of the rows, and whatever the time zone; and it is reported."""
    early = row("checkout@2.0.0", "payment@1.8.0", success=first, at="2026-03-01T23:30:00+02:00")
    late = row("checkout@2.0.0", "payment@1.8.0", success=not first, at="2026-03-01T22:00:00+00:00")
    for rows in ((early, late), (late, early)):
        result = imported(tmp_path, *rows)
        assert [record["result"] for record in records(result)] == [RESULTS[not first]]
        assert [severity for severity, _ in found(result, "contradiction")] == ["warning"]


@pytest.mark.parametrize(
    "times", [(None, "2026-03-01T10:00:00Z"), ("soon", "2026-03-01T10:00:00Z"), ("2026-03-01T10:00:00Z",) * 2]
)
def test_without_a_latest_the_failure_counts(tmp_path: Path, times: Sequence[str | None]) -> None:
    """Missing, unreadable and equal times do not tell which result is the latest."""
    success = row("checkout@2.0.0", "payment@1.8.0", success=True, at=times[1])
    failure = row("checkout@2.0.0", "payment@1.8.0", success=False, at=times[0])
    for rows in ((success, failure), (failure, success)):
        assert [record["result"] for record in records(imported(tmp_path, *rows))] == ["refuted"]


def test_commit_hashes_become_names_in_the_order_of_time(tmp_path: Path) -> None:
    """They are no versions of a scheme, and the order is a guess that is reported."""
    result = imported(
        tmp_path,
        row("checkout@9fceb02", "payment@1.8.0", published="2026-01-03T00:00:00Z"),
        row("checkout@12a3456", "payment@1.8.0", published="2026-01-01T00:00:00Z"),
        row("checkout@e83c516", "payment@1.8.0", published="2026-01-02T00:00:00Z"),
    )
    order = ["12a3456", "e83c516", "9fceb02"]
    assert component(result, "checkout")["versionScheme"] == {"names": order}
    assert list(component(result, "checkout")["versions"]) == order
    assert [severity for severity, _ in found(result, "versions-by-name")] == ["warning"]
    assert "versionScheme" not in component(result, "payment")


def test_names_without_times_keep_the_order_of_the_matrix(tmp_path: Path) -> None:
    """A broker writes the newest first."""
    result = imported(
        tmp_path,
        row("checkout@9fceb02", "payment@1.8.0", published=None),
        row("checkout@e83c516", "payment@1.8.0"),
    )
    assert component(result, "checkout")["versionScheme"] == {"names": ["e83c516", "9fceb02"]}


@pytest.mark.parametrize(
    ("versions", "scheme"),
    [
        (("1.2.0", "1.10.0"), None),
        (("9", "10"), "integer"),
        (("2026.01.03", "2026.02.01"), "calver"),
        (("1.0rc1", "1.0.post1"), "pep440"),
        (("1.0.0+aaa", "1.0.0+bbb"), {"names": ["1.0.0+bbb", "1.0.0+aaa"]}),
    ],
)
def test_the_scheme_is_one_that_every_version_fits(tmp_path: Path, versions: Sequence[str], scheme: Any) -> None:
    """And in which no two of them mean the same: build metadata does not order."""
    result = imported(tmp_path, *(row(f"checkout@{version}", "payment@1.8.0", published=None) for version in versions))
    assert component(result, "checkout").get("versionScheme") == scheme


def test_a_version_that_cannot_be_written_is_an_error_and_has_no_record(tmp_path: Path) -> None:
    """The rest is imported."""
    result = imported(tmp_path, row("checkout@build 7", "payment@1.8.0"), row("cart@1.0.0", "payment@1.8.0"))
    assert [severity for severity, _ in found(result, "bad-version")] == ["error"]
    assert [record["consumer"] for record in records(result)] == ["cart"]


def test_a_changed_name_is_said(tmp_path: Path) -> None:
    """Names of participants are free texts; two that become one are kept apart."""
    result = imported(tmp_path, row("Check Out@1.0.0", "payment@1.0.0"), row("check_out@1.0.0", "payment@1.0.0"))
    assert sorted(record["consumer"] for record in records(result)) == ["check-out", "check-out-2"]
    assert len(found(result, "renamed")) == 2
    assert result.nodes == ("Check Out", "check_out", "payment")


def test_services_that_call_each_other_are_no_mistake(tmp_path: Path) -> None:
    """Contracts may go both ways; only a cycle of an order would be one."""
    result = imported(tmp_path, row("a@1.0.0", "b@1.0.0"), row("b@1.0.0", "a@1.0.0"))
    assert result.errors == ()
    assert component(result, "a")["provides"] == {"a-pact": "1"}
    assert component(result, "a")["consumes"] == {"b-pact": "verified"}


def test_an_ignored_result_is_imported_and_said(tmp_path: Path) -> None:
    """Ignoring is a wish of a query, not knowledge."""
    result = imported(tmp_path, row("checkout@2.0.0", "payment@1.8.0", success=False, ignored=True))
    assert [record["result"] for record in records(result)] == ["refuted"]
    assert len(found(result, "ignored-row")) == 1


def test_as_many_rows_as_a_broker_gives_by_default_are_suspicious(tmp_path: Path) -> None:
    """The rest may be missing; that is said."""
    rows = [row(f"checkout@1.{number}.0", "payment@1.0.0") for number in range(100)]
    assert len(found(imported(tmp_path, *rows), "cut-off")) == 1
    assert found(imported(tmp_path, *rows[1:]), "cut-off") == []


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (row("checkout", "payment@1.8.0"), "consumer.version.number"),
        (row("@1.0.0", "payment@1.8.0"), "consumer.name"),
        (row("check\ud800out@1.0.0", "payment@1.8.0"), "consumer.name"),
        (row("checkout@1.0.0", "payment@1.8.0", success="yes"), "verificationResult.success"),  # type: ignore[arg-type]
        ({**row("checkout@1.0.0", "p"), "provider": {"name": "p", "version": {"number": 7}}}, "provider.version"),
        ("a text", "consumer.name"),
        (None, "provider.name"),
    ],
)
def test_a_row_that_cannot_be_read_is_an_error_at_its_place(tmp_path: Path, broken: Any, what: str) -> None:
    """Nothing is guessed from it, least of all a success; the other rows are imported."""
    result = imported(tmp_path, broken, row("cart@1.0.0", "payment@1.8.0"))
    (finding,) = result.errors
    assert (finding.code, finding.location) == ("bad-row", f"{tmp_path}/matrix.json:6:3")
    assert what in finding.message
    assert [record["consumer"] for record in records(result)] == ["cart"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ":1:1"),
        ("[]", ":1:1"),
        ('{"error": "no"}', ":1:1"),
        ('{"matrix": [{}', ":1:15"),
        ('{"matrix": [{},\n]}', ":2:1"),
        ('{"matrix": 7}', ":1:12"),
        ('{"matrix": []} x', ":1:16"),
        ("{1: []}", ":1:2"),
        pytest.param('{"matrix": ' + "[" * 100_000, "", id="deep"),
        pytest.param('{"matrix": [' + "1" * 5_000 + "]}", "", id="long number"),
    ],
)
def test_what_is_no_matrix_is_an_error_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    """An error page of a broker, or half an answer, is not an empty matrix."""
    path = tmp_path / "matrix.json"
    path.write_text(text)
    with pytest.raises(ImportFailed) as caught:
        import_pact([path], Options())
    assert f"{path}{place}" in [finding.location for finding in caught.value.findings if finding.severity == "error"]


def test_an_empty_matrix_is_an_error(tmp_path: Path) -> None:
    """It would import nothing, and nothing is no proof."""
    with pytest.raises(ImportFailed, match="no rows"):
        import_pact([save(tmp_path)], Options())


def test_a_missing_file_is_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    """All problems are in the report."""
    there = save(tmp_path, row("checkout@2.0.0", "payment@1.8.0"))
    result = import_pact([tmp_path / "missing.json", there], Options())
    assert [finding.code for finding in result.errors] == ["unreadable"]
    assert len(records(result)) == 1


ROWS = st.lists(
    st.builds(
        row,
        consumer=st.sampled_from(["a@1.0.0", "a@2.0.0", "b@1.0.0"]),
        provider=st.sampled_from(["p@1.0.0", "p@2.0.0", "p"]),
        success=st.sampled_from([True, False, None]),
        at=st.sampled_from([None, "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, seed=st.randoms(use_true_random=False))
def test_nothing_is_verified_that_has_no_success_and_the_order_of_rows_does_not_count(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], seed: Any
) -> None:
    """Fail closed: a record says verified only if a row does, every pair has one record, shuffling changes nothing."""
    folder = tmp_path_factory.mktemp("matrix")
    said = records(import_pact([save(folder, *rows)], Options()))
    pairs = [tuple(list(record.values())[:4]) for record in said]
    assert len(set(pairs)) == len(pairs)
    for record, pair in zip(said, pairs, strict=True):
        results = {
            r["verificationResult"]["success"]
            for r in rows
            if r["verificationResult"] is not None
            and r["provider"]["version"] is not None
            and pair
            == (
                r["consumer"]["name"],
                r["consumer"]["version"]["number"],
                r["provider"]["name"],
                r["provider"]["version"]["number"],
            )
        }
        assert (record["result"] == "verified") in results
    shuffled = list(rows)
    seed.shuffle(shuffled)
    again = records(import_pact([save(folder, *shuffled)], Options()))
    assert {tuple(record.values()) for record in again} == {tuple(record.values()) for record in said}


def planned(folder: Path, result: Imported, old: str, new: str) -> list[tuple[str, ...]]:
    """The batches of a rollout that changes checkout from 1.0.0 to 2.0.0 and payment from ``old`` to ``new``."""
    folder.mkdir()
    change = f"components: {{checkout: {{from: 1.0.0, to: 2.0.0}}, payment: {{from: {old}, to: {new}}}}}\n"
    (folder / "r.yaml").write_text(f"apiVersion: convoy/v1\nkind: Rollout\nname: r\nenvironment: local\n{change}")
    for name, text in manifest_files(result.documents, "schema.json").items():
        runs = "" if "kind: Verification" in text else "workload: {command: [./run]}\n"
        (folder / name).write_text(text + runs)
    loaded = load([folder])
    assert loaded.errors == ()
    return [batch.components for batch in plan_rollout(loaded.catalog, "r", "local").batches]


@pytest.mark.parametrize(("old", "new"), [("1.7.0", "1.8.0"), ("e83c516", "9fceb02")], ids=["versions", "hashes"])
def test_the_order_of_a_rollout_follows_from_an_imported_matrix(tmp_path: Path, old: str, new: str) -> None:
    """The side that works with both versions of the other goes first, whichever it is."""
    both_ends = [
        row("checkout@1.0.0", f"payment@{old}", published="2026-01-01T00:00:00Z", at="2026-01-01T00:00:00Z"),
        row("checkout@2.0.0", f"payment@{new}", published="2026-02-01T00:00:00Z", at="2026-02-01T00:00:00Z"),
    ]
    old_with_new = row("checkout@1.0.0", f"payment@{new}", at="2026-02-01T00:00:00Z")
    new_with_old = row("checkout@2.0.0", f"payment@{old}", at="2026-02-01T00:00:00Z")
    refuted = {"success": False, "verifiedAt": "2026-02-01T00:00:00Z"}
    provider_first = [*both_ends, old_with_new, {**new_with_old, "verificationResult": refuted}]
    consumer_first = [*both_ends, new_with_old, {**old_with_new, "verificationResult": refuted}]
    result = imported(tmp_path / "one", *provider_first)
    assert planned(tmp_path / "first", result, old, new) == [("payment",), ("checkout",)]
    result = imported(tmp_path / "two", *consumer_first)
    assert planned(tmp_path / "second", result, old, new) == [("checkout",), ("payment",)]


def test_a_pair_that_was_not_verified_is_never_met_by_a_plan(tmp_path: Path) -> None:
    """Unknown is treated like refuted: the pair of old consumer and new provider is avoided."""
    result = imported(
        tmp_path / "in",
        row("checkout@1.0.0", "payment@1.7.0"),
        row("checkout@2.0.0", "payment@1.7.0"),
        row("checkout@2.0.0", "payment@1.8.0"),
    )
    assert planned(tmp_path / "out", result, "1.7.0", "1.8.0") == [("checkout",), ("payment",)]
