"""The corpus: what is valid stays valid, and every kind of mistake gets exactly the diagnostics beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from convoy.manifest.catalog import load
from convoy.manifest.resolve import resolve
from convoy.manifest.schema import json_schema
from convoy.manifest.yaml_source import read_file

CORPUS = Path(__file__).parents[1] / "corpus"
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
MANIFESTS = Path(__file__).parents[2] / "include" / "manifests"


def _names(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", INVALID, ids=_names)
def test_a_mistake_gets_the_diagnostics_beside_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word, with file, line and column, and the rollouts that the mistake breaks."""
    monkeypatch.chdir(path.parent)
    loaded = load([path.name])
    lines = [str(diagnostic) for diagnostic in loaded.diagnostics]
    found = "\n".join([*lines, f"broken rollouts: {', '.join(loaded.broken) or 'none'}"]) + "\n"
    expected = path.with_suffix(".expected")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert expected.exists(), f"no {expected.name}: run this test with UPDATE_GOLDEN=1, and read what it writes"
    assert found == expected.read_text(encoding="utf-8"), "if this is meant, run again with UPDATE_GOLDEN=1"
    assert loaded.errors


@pytest.mark.parametrize("path", VALID, ids=_names)
def test_what_is_valid_has_no_diagnostics_and_resolves_to_json(path: Path) -> None:
    """Nothing is reported, and every rollout can be resolved in all of its environments."""
    loaded = load([path])
    assert loaded.diagnostics == ()
    assert loaded.catalog.rollouts
    for name, rollout in loaded.catalog.rollouts.items():
        for environment in rollout.environment_names:
            json.dumps(resolve(loaded.catalog, name, environment).to_dict(), allow_nan=False)


@pytest.mark.parametrize("path", [*VALID, *sorted(MANIFESTS.rglob("*.yaml"))], ids=_names)
def test_what_is_valid_fits_the_json_schema(path: Path) -> None:
    """An editor that uses the schema does not complain about what `convoy lint` accepts."""
    validator = jsonschema.Draft202012Validator(json_schema())
    for document in read_file(path, path.name):
        assert document.root is not None
        assert [error.message for error in validator.iter_errors(document.root.data())] == []


def test_the_corpus_covers_every_code() -> None:
    """Each diagnostic code stands in an expected file, but for those that need more than a file of a few lines."""
    expected = "".join(path.with_suffix(".expected").read_text(encoding="utf-8") for path in INVALID)
    assert {code for code in CODES.split() if f"[{code}]" not in expected} == {"not-found", "unreadable", "too-large"}


CODES = """
after-itself alias bad-range bad-version broken-reference control-character depends-on-itself directive
duplicate-key duplicate-name key-not-text merge-key missing-key missing-kind no-prometheus no-workload
not-a-mapping not-finite not-found not-utf8 same-version syntax too-large too-much twice two-batches
two-definitions unknown-key unknown-kind unknown-reference unknown-tag unreadable wrong-type wrong-value
wrong-workload
"""
