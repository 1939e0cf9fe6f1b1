"""Where things are by default, and the environment variables that say otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import click


def home() -> Path:
    """Convoy's state folder: ``$CONVOY_HOME``, else ``.convoy`` here."""
    return Path(os.environ.get("CONVOY_HOME", ".convoy")).resolve()


def manifests_folder() -> Path:
    """The manifests: ``$CONVOY_MANIFESTS``, else ``include/manifests`` here. Raises UsageError where there are none."""
    folder = Path(os.environ.get("CONVOY_MANIFESTS", "include/manifests")).resolve()
    if not folder.exists():
        raise click.UsageError(f"no manifests at {folder}: name a folder, or set CONVOY_MANIFESTS")
    return folder


def near(folder: Path) -> Path:
    """A folder below the present one by its short name: places are easier to read, and to click."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def dags_folder() -> Path:
    """The DAG files: ``$CONVOY_DAGS``, else ``dags`` here, else the ones of the project that Convoy runs from."""
    given = os.environ.get("CONVOY_DAGS")
    candidates = [Path(given)] if given else [Path("dags"), Path(__file__).resolve().parents[3] / "dags"]
    for folder in candidates:
        if (folder / "rollouts.py").exists():
            return folder.resolve()
    raise click.UsageError(f"no DAG files at {candidates[0]}: set CONVOY_DAGS to the folder with rollouts.py")


def publications_folder() -> Path:
    """The store of published versions."""
    return home() / "publications"
