"""The YAML documents of a GitOps repository: like any other folder tree, but some files are templates or lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.yaml_reader import ForeignDocument, read_yaml, yaml_files

_TEMPLATE_MARKS = ("{{", "{%", "<%")


def read_trees(paths: Sequence[Path], findings: list[Finding]) -> list[ForeignDocument]:
    """The documents of files and folder trees.

    A file that is no YAML because it is a template (of Helm, Jinja or the like) is a warning and not an error: such
    files are no mistake, but what they define is not known before they are rendered."""
    documents: list[ForeignDocument] = []
    for path in yaml_files(paths, findings):
        wrong: list[Finding] = []
        for document in read_yaml(path, wrong):
            documents += _objects(document)
        if any(finding.code == "syntax" for finding in wrong) and _is_template(path):
            wrong = [_templated(finding) if finding.code == "syntax" else finding for finding in wrong]
        findings += wrong
    return documents


def _objects(document: ForeignDocument) -> list[ForeignDocument]:
    """A document, or the objects of one that is a list of them, as ``kubectl get -o yaml`` prints it."""
    root = document.root
    items = root.get("items") if (root.text_at("kind") or "").endswith("List") else root
    if items is None or not items.is_list:
        return [document]
    return [ForeignDocument(document.file, item) for item in items.items]


def _is_template(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(mark in text for mark in _TEMPLATE_MARKS)


def _templated(finding: Finding) -> Finding:
    message = "a template that is not YAML before it is rendered; the document was left out"
    return replace(
        finding, severity="warning", code="templated", message=message, hint="render it and import the result"
    )
