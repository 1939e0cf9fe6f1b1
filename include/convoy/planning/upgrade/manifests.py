"""Hops as manifests: a Rollout for each, and the environment as it is before it.

A hop is proven for the versions that are live before it, and an Environment says which these are. So every hop comes
with an environment of its own: the same place under another name, with these versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from convoy.manifest.catalog import Catalog
from convoy.manifest.models.base import Model
from convoy.manifest.resolve import resolve_target
from convoy.planning.contracts import DeclaredBatch
from convoy.planning.upgrade.result import Hop, Upgrade

SKIPPED = ("from", "to", "after")


def hop_manifests(catalog: Catalog, rollout: str, upgrade: Upgrade, default_root: str) -> dict[str, str]:
    """File names with their contents, one file for each hop. ``default_root``: the folder of the environment where its
    target keeps processes and names no folder. Raises ValueError for names that became too long."""
    files: dict[str, str] = {}
    for number, hop in enumerate(upgrade.hops):
        name = f"{rollout}-hop-{number + 1}"
        place = f"{upgrade.environment}-before-{name}"
        if len(place) > 63:
            raise ValueError(f"{place} is too long for a name: shorten the name of the rollout, or of the environment")
        documents = [
            _environment(catalog, upgrade, number, place, default_root),
            _rollout(catalog, rollout, hop, name, place, f"Hop {number + 1} of {len(upgrade.hops)} of {rollout}."),
        ]
        files[f"{name}.yaml"] = _comment(upgrade, number) + "---\n".join(map(_text, documents))
    return files


def _comment(upgrade: Upgrade, number: int) -> str:
    lines = [f"# Hop {number + 1} of {len(upgrade.hops)} of {upgrade.rollout}, found by `convoy upgrade`."]
    if number:
        lines.append(f"# Run it when hop {number} is done, and what that changed is healthy.")
    return "\n".join(lines) + "\n"


def _environment(catalog: Catalog, upgrade: Upgrade, number: int, name: str, default_root: str) -> dict[str, Any]:
    document = _dump(catalog.environments[upgrade.environment])
    target = {**document["target"]}
    resolved = resolve_target(catalog, upgrade.environment)
    # Folders are relative to the file that they stand in, and this is another file.
    target |= {key: resolved[key] for key in ("directory", "root") if resolved.get(key) is not None}
    if target["kind"] == "processes":
        target.setdefault("root", default_root)
    live = document.get("versions", {}) | {n: v for n, v in upgrade.before(number).items() if v is not None}
    unchanged = {n: v for n, v in sorted(live.items()) if n not in upgrade.hops[number].changes}
    return {
        **document,
        "name": name,
        "description": f"As {upgrade.environment}, with what is live before hop {number + 1} of {upgrade.rollout}.",
        "target": target,
        "versions": unchanged,
    }


def _rollout(catalog: Catalog, rollout: str, hop: Hop, name: str, place: str, description: str) -> dict[str, Any]:
    model = catalog.rollouts[rollout]
    document = _dump(model)
    document.pop("environments", None)
    batches = {batch.name: batch for batch in hop.contracts.batches}
    declared_batches: list[dict[str, Any]] = document.pop("batches", [])
    components: dict[str, Any] = {}
    for component, (old, new) in hop.changes.items():
        given = {k: v for k, v in document["components"].get(component, {}).items() if k not in SKIPPED}
        after = [wish.name for wish in hop.contracts.components[component].after]
        change: dict[str, Any] = {"from": old, "to": new, "after": after, **given}
        components[component] = {key: value for key, value in change.items() if value not in (None, [])}
    document |= {"name": name, "description": description, "environment": place, "components": components}
    if batches:
        document["batches"] = [_batch(batch, batches) for batch in declared_batches if batch["name"] in batches]
    return document


def _batch(declared: dict[str, Any], kept: Mapping[str, DeclaredBatch]) -> dict[str, Any]:
    batch = kept[declared["name"]]
    found = {**declared, "components": list(batch.components), "after": [wish.name for wish in batch.after]}
    if not found["after"]:
        del found["after"]
    return found


def _dump(model: Model) -> dict[str, Any]:
    """What a manifest says, by the names of the manifest format; what it leaves out stays out."""
    found: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return found


def _text(document: dict[str, Any]) -> str:
    head = ("apiVersion", "kind", "name", "description", "environment")
    ordered = sorted(document.items(), key=lambda item: head.index(item[0]) if item[0] in head else len(head))
    text: str = yaml.safe_dump(dict(ordered), sort_keys=False, allow_unicode=True, width=110)
    return text
