"""Whose fields are whose: the part of ``metadata.managedFields`` that a rollout changes, kept and given back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from convoy.targets.kubernetes.fields import Item, Path

IDENTITY = ("manager", "operation", "apiVersion", "subresource", "fieldsType")


def owners(live: Mapping[str, Any], paths: Iterable[Path], manager: str) -> list[dict[str, Any]]:
    """Who owns the fields at paths, as much of it as concerns them; our own part as a whole."""
    found = []
    wanted = list(paths)
    for entry in live["metadata"].get("managedFields") or []:
        fields = entry.get("fieldsV1") or {}
        part = fields if entry.get("manager") == manager else restrict(fields, wanted)
        if part and not entry.get("subresource"):
            found.append({**{k: entry[k] for k in IDENTITY if k in entry}, "fieldsV1": deepcopy(part)})
    return sorted(found, key=lambda entry: json.dumps(entry, sort_keys=True))


def given_back(
    live: Mapping[str, Any], prior: Iterable[Mapping[str, Any]], manager: str, restorer: str
) -> list[dict[str, Any]]:
    """The owners as they were before: ours and the restorer's as recorded (or none), the others with theirs again."""
    entries = [
        deepcopy(dict(entry))
        for entry in live["metadata"].get("managedFields") or []
        if entry.get("manager") not in (manager, restorer)
    ]
    for owner in prior:
        same = [e for e in entries if all(e.get(k) == owner.get(k) for k in IDENTITY)]
        if same:
            same[0]["fieldsV1"] = union(same[0].get("fieldsV1") or {}, owner["fieldsV1"])
        else:
            entries.append(deepcopy(dict(owner)))
    return entries


def restrict(fields: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """The part of a set of fields that lies at paths, with what leads there (``.``) as far as it is owned too."""
    kept: dict[str, Any] = {}
    for path in paths:
        steps, places = [_key(step) for step in path], [fields]
        for step in steps:
            found = places[-1].get(step)
            if found is None:
                break
            places.append(found)
        else:
            part: dict[str, Any] = deepcopy(dict(places[-1]))
            for step, place in zip(reversed(steps), reversed(places[:-1]), strict=True):
                part = {step: part, **({".": {}} if "." in place else {})}
            kept = union(kept, part)
    return kept


def union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of either."""
    merged = {key: deepcopy(value) for key, value in one.items()}
    for key, value in other.items():
        merged[key] = union(merged.get(key) or {}, value)
    return merged


def managers_at(live: Mapping[str, Any], path: Path) -> list[str]:
    """Who owns the field at a path."""
    return [
        str(entry.get("manager"))
        for entry in live["metadata"].get("managedFields") or []
        if restrict(entry.get("fieldsV1") or {}, [path])
    ]


def _key(step: str | Item) -> str:
    return f"f:{step}" if isinstance(step, str) else "k:" + json.dumps({"name": step.name}, separators=(",", ":"))
