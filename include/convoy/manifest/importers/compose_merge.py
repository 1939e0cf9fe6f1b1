"""The rules by which compose files are merged: mappings by key, lists one after the other, everything else replaced.

``!reset`` takes a value away, ``!override`` replaces it as a whole. What has a short form is brought into its long form
first, so that a list in one file and a mapping in another can be merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.foreign import Value

_REPLACED = frozenset({"command", "entrypoint"})
_MAPPINGS = frozenset({"depends_on", "labels"})
"""Keys of a service that may be written as a list of names, and mean a mapping."""


def normal(service: Value) -> Value:
    """A service with the short forms written out."""
    entries = {key: _mapping(value) if key in _MAPPINGS else value for key, value in service.mapping.items()}
    return replace(service, content=entries)


def merge(base: Value, over: Value, findings: list[Finding]) -> Value:
    """``base`` as changed by ``over``. What cannot be merged is reported, and ``over`` counts."""
    return _merge(base, over, "", findings)


def without_resets(value: Value) -> Value:
    """A value without what is tagged ``!reset``: there is nothing that it could take away."""
    if value.is_mapping:
        kept = {key: without_resets(part) for key, part in value.mapping.items() if part.tag != "!reset"}
        return replace(value, content=kept, tag=None)
    return replace(value, tag=None) if value.tag == "!override" else value


def _merge(base: Value, over: Value, key: str, findings: list[Finding]) -> Value:
    if over.tag == "!override" or key in _REPLACED:
        return without_resets(over)
    if over.is_null:
        return base
    if base.is_null or not (base.is_mapping or base.is_list):
        if base.is_null or not (over.is_mapping or over.is_list):
            return without_resets(over)
    elif base.is_mapping and over.is_mapping:
        return replace(base, content=_entries(base.mapping, over.mapping, findings))
    elif base.is_list and over.is_list:
        texts = {item.text for item in base.items if item.text is not None}
        return replace(base, content=(*base.items, *(item for item in over.items if item.text not in texts)))
    message = f"{key} is not of the same type as at {base.at}, so the two cannot be merged; this one counts"
    findings.append(Finding("error", over.at, "merge", message, "write both as a list, or both as a mapping"))
    return without_resets(over)


def _entries(base: Mapping[str, Value], over: Mapping[str, Value], findings: list[Finding]) -> dict[str, Value]:
    merged = dict(base)
    for key, value in over.items():
        if value.tag == "!reset":
            merged.pop(key, None)
        elif key in base:
            merged[key] = _merge(base[key], value, key, findings)
        else:
            merged[key] = without_resets(value)
    return merged


def _mapping(value: Value) -> Value:
    """A list of names, or of ``name=value``, as a mapping; the entries keep the places of the items."""
    if not value.is_list:
        return value
    entries: dict[str, Value] = {}
    for item in value.items:
        name, equals, text = (item.text or "").partition("=")
        entries.setdefault(name, replace(item, content=text if equals else None))
    entries.pop("", None)
    return replace(value, content=entries)
