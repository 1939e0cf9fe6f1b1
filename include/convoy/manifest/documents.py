"""From a document to a model: which kind it is, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from convoy.manifest.diagnostics import Diagnostic, did_you_mean, in_order, one_of
from convoy.manifest.model_errors import explain_all, shown
from convoy.manifest.models import Component, Environment, Interface, Rollout, System, Verification
from convoy.manifest.yaml_nodes import Position
from convoy.manifest.yaml_source import Document

AnyModel = Component | Environment | Interface | Rollout | System | Verification
MODELS: Mapping[str, type[AnyModel]] = {
    "Component": Component,
    "Environment": Environment,
    "Interface": Interface,
    "Rollout": Rollout,
    "System": System,
    "Verification": Verification,
}


@dataclass(frozen=True)
class ReadManifest:
    """A document after reading. ``model`` is None where it has errors; kind and name are what could be made out."""

    document: Document
    kind: str | None
    name: str | None
    model: AnyModel | None
    diagnostics: tuple[Diagnostic, ...]


def read_manifest(document: Document) -> ReadManifest:
    """Validate a document. Never raises for what is in it."""
    kind, name = document.kind, document.name
    found = list(document.diagnostics)
    model: AnyModel | None = None
    if document.root is not None:
        if kind is not None and kind in MODELS:
            try:
                # By alias only: the models take Python's names too, which are no keys of manifests.
                model = MODELS[kind].model_validate(document.root.data(), by_alias=True, by_name=False)
            except ValidationError as error:
                places = {(d.line, d.column) for d in found}
                explained = explain_all(error, MODELS[kind], document.root, document.file)
                found += [d for d in explained if (d.line, d.column) not in places]
        elif not any(d.severity == "error" for d in found):
            found.append(_no_kind(document))
    if any(d.severity == "error" for d in found):
        model = None
    return ReadManifest(document, kind, name, model, in_order(found))


def _no_kind(document: Document) -> Diagnostic:
    assert document.root is not None
    words = sorted(MODELS)
    entry = document.root.entries.get("kind")
    if entry is None:
        close = next((key for key in document.root.entries if key.lower() == "kind"), None)
        hint = f"write kind, not {close}" if close else f"add kind: {one_of(words)}"
        return _error(document, document.root.position, "missing-kind", "kind is missing", hint)
    value = entry.node.data()
    message = f"kind must be {one_of(words)}, not {shown(value)}"
    return _error(document, entry.node.position, "unknown-kind", message, did_you_mean(str(value), words))


def _error(document: Document, position: Position, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(document.file, position.line, position.column, "error", code, message, hint)
