"""A change set as a Rollout manifest, ready to be saved."""

from __future__ import annotations

import json
import re

from convoy.planning.wanted.change_set import ChangeSet

_PLAIN = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+|(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][a-z0-9-]*")
"""Versions and names that YAML reads as text without quotes."""


def write_rollout(change_set: ChangeSet, name: str, environment: str) -> str:
    """The manifest as YAML, with the reason for every change in a comment."""
    lines = ["apiVersion: convoy/v1", "kind: Rollout", f"name: {_text(name)}", f"environment: {_text(environment)}"]
    lines.append("components:")
    for change in change_set.changes:
        lines.append(f"  # {_one_line(change.reason)}")
        came_from = f"from: {_text(change.from_version)}, " if change.from_version is not None else ""
        lines.append(f"  {_text(change.component)}: {{{came_from}to: {_text(change.to_version)}}}")
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A scalar that YAML reads as this very text."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value)


def _one_line(sentence: str) -> str:
    """A sentence that can stand in a comment, whatever the manifests that it quotes contain."""
    return " ".join("".join(c if c.isprintable() else " " for c in sentence).split())
