"""Importing Compose files that a test writes."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from convoy.manifest.importers.base import Imported, Options
from convoy.manifest.importers.compose import import_compose


def compose(folder: Path, *texts: str, **options: Any) -> Imported:
    """Import texts as files 1.yaml, 2.yaml and so on."""
    paths = []
    for number, text in enumerate(texts, start=1):
        paths.append(folder / f"{number}.yaml")
        paths[-1].write_text(textwrap.dedent(text))
    return import_compose(paths, Options(**options))


def edges(imported: Imported) -> list[str]:
    """The dependencies, as text."""
    marks = {
        (True, False): "",
        (False, False): " optional",
        (True, True): " at start",
        (False, True): " optional at start",
    }
    return sorted(f"{e.dependent} -> {e.dependency}{marks[e.required, e.startup]}" for e in imported.edges)


def component(imported: Imported, name: str) -> dict[str, Any]:
    """The manifest of a component."""
    return next(d for d in imported.documents if d["kind"] == "Component" and d["name"] == name)
