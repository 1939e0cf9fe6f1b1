"""Imported documents as manifests: YAML text, in a stable order, one file per document or all in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from convoy.manifest.yaml_scalars import NotFinite, plain_scalar

SCHEMA_LINE = "# yaml-language-server: $schema={schema}\n"
_FIRST = ("apiVersion", "kind", "name", "system", "description", "owner", "runbook", "labels", "dependsOn")
"""The keys that are written first; the others follow in the order in which the importer made them."""
_KINDS = ("System", "Component", "Verification", "Rollout")
_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Writes what Convoy reads back: lists indented, no aliases, quotes where YAML 1.2 or 1.1 see no text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated values out."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    try:
        is_text = plain_scalar(text) == text
    except NotFinite:
        is_text = False
    style = None if is_text else '"'
    if "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def file_name(document: Mapping[str, Any]) -> str:
    """The file for a document of its own: ``checkout.yaml``, ``shop.system.yaml``."""
    kind = str(document["kind"]).lower()
    return f"{document['name']}.yaml" if kind == "component" else f"{document['name']}.{kind}.yaml"


def document_text(document: Mapping[str, Any]) -> str:
    """One document as YAML, its keys in the order in which they are usually written."""
    keys = [key for key in _FIRST if key in document] + [key for key in document if key not in _FIRST]
    ordered = {key: document[key] for key in keys}
    return yaml.dump(
        ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )


def manifest_text(documents: Iterable[Mapping[str, Any]], schema: str) -> str:
    """Documents as one file; its first line tells editors where the schema is."""
    return SCHEMA_LINE.format(schema=schema) + "---\n".join(document_text(d) for d in in_order(documents))


def manifest_files(documents: Iterable[Mapping[str, Any]], schema: str) -> dict[str, str]:
    """Documents as files, by name."""
    return {file_name(d): manifest_text([d], schema) for d in in_order(documents)}


def in_order(documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Systems first, then components, then the rest, each by name: the same input gives the same text."""
    return sorted(documents, key=lambda d: (_kind_rank(str(d["kind"])), str(d["kind"]), str(d["name"])))


def _kind_rank(kind: str) -> int:
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
