"""Imported documents as YAML: what is written is what Convoy reads, in an order that does not change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.manifest.importers.registry import IMPORTERS, UnknownKind, importer
from convoy.manifest.importers.writer import document_text, manifest_files, manifest_text
from convoy.manifest.yaml_source import read_bytes

SHOP: list[dict[str, Any]] = [
    {"apiVersion": "convoy/v1", "kind": "Component", "name": "web", "dependsOn": ["api"], "system": "shop"},
    {"apiVersion": "convoy/v1", "kind": "Verification", "name": "pacts", "records": []},
    {"apiVersion": "convoy/v1", "kind": "Component", "name": "api", "versions": {"1.10": {}, "1e3": {}}},
    {"apiVersion": "convoy/v1", "kind": "System", "name": "shop"},
]
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=30)
# Convoy's reader takes a key << for a merge key, quoted or not, and manifests have none.
keys = words.filter(lambda text: text not in ("", "<<"))
odd = st.sampled_from(["", "yes", "null", "~", "1.10", "1e3", ".inf", "0x1", "a: b", "# no", "- x", "a\nb\n", "@", "{"])


@settings(deadline=None)
@given(st.dictionaries(st.one_of(keys, odd), st.one_of(words, odd)))
def test_texts_come_back_as_they_were(labels: dict[str, str]) -> None:
    """Whatever they look like: version 1.10 does not become a number, nor `yes` a truth value."""
    text = document_text({"kind": "Component", "labels": labels})
    [document] = read_bytes(text.encode(), "f")
    assert document.diagnostics == ()
    assert document.root is not None
    assert document.root.data()["labels"] == labels


def test_the_order_does_not_depend_on_the_source() -> None:
    """Systems first, then components, then the rest, each by name; keys as people write them."""
    text = manifest_text(SHOP, "../s.json")
    assert text == manifest_text(SHOP[::-1], "../s.json")
    names = [line for line in text.splitlines() if line.startswith("name: ")]
    assert names == ["name: shop", "name: api", "name: web", "name: pacts"]
    assert text.startswith("# yaml-language-server: $schema=../s.json\napiVersion: convoy/v1\nkind: System\n")
    assert text.index("system: shop") < text.index("dependsOn:")


def test_every_document_gets_a_file_of_its_own() -> None:
    """Components by their name; others with their kind, so that no two files have one name."""
    files = manifest_files([*SHOP, {"apiVersion": "convoy/v1", "kind": "System", "name": "web"}], "s")
    assert sorted(files) == ["api.yaml", "pacts.verification.yaml", "shop.system.yaml", "web.system.yaml", "web.yaml"]
    assert all(text.startswith("# yaml-language-server: $schema=s\n") for text in files.values())


def test_an_unknown_kind_of_input_is_an_error_with_close_matches() -> None:
    """And every known one has an importer."""
    assert all(importer(kind) is IMPORTERS[kind] for kind in IMPORTERS)
    with pytest.raises(UnknownKind, match="did you mean compose"):
        importer("composer")
    with pytest.raises(UnknownKind, match="there are argocd, backstage"):
        importer("xyz")
