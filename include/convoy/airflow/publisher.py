"""Publishing: manifests in, a versioned folder of published rollouts out.

The store is a folder: ``versions/<hash>/`` holds everything that a run reads (the DAG files and the published
rollouts), immutable and named by its content; ``CURRENT`` names the newest. A rollout whose manifest has errors keeps
its last valid plan (``stale``); one that is no longer defined stays too (``retired``) until it is forgotten on purpose.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from convoy.airflow.compile import Compiled, compile_rollouts
from convoy.airflow.published import ERRORS_FILE, RETIRED, STALE, Published, PublishedFormatError, read

CURRENT_FILE = "CURRENT"
FOLDER = "published"


@dataclass(frozen=True)
class Publication:
    """What publishing led to: the version, whether it is a new one, and every error as text."""

    version: str
    changed: bool
    errors: tuple[str, ...]
    rollouts: tuple[Published, ...]


def current_version(store: Path) -> str | None:
    """The newest version of a store, or None where nothing was published."""
    path = store / CURRENT_FILE
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def version_folder(store: Path, version: str) -> Path:
    """Where a version lives."""
    return store / "versions" / version


def publish(manifests: Path, dags: Path, store: Path, *, forget: frozenset[str] = frozenset()) -> Publication:
    """Compile the manifests and write a version, if anything changed. ``forget`` names DAG ids to drop for good."""
    before = current_version(store)
    compiled = compile_rollouts(manifests)
    rollouts = {**_kept(store, before, compiled), **{p.dag_id: p for p in compiled.rollouts}}
    rollouts = {dag_id: published for dag_id, published in sorted(rollouts.items()) if dag_id not in forget}
    files: dict[str, bytes] = {path.name: path.read_bytes() for path in sorted(dags.glob("*.py"))}
    files |= _unreadable(store, before, {*rollouts, *forget})
    for dag_id, published in rollouts.items():
        files[f"{FOLDER}/{dag_id}.json"] = published.to_json().encode()
    files[f"{FOLDER}/{ERRORS_FILE}"] = (json.dumps(list(compiled.errors), indent=1) + "\n").encode()
    version = _hash(files)
    if version != before:
        _write(store, version, files)
    return Publication(version, version != before, compiled.errors, tuple(rollouts.values()))


def _kept(store: Path, before: str | None, compiled: Compiled) -> dict[str, Published]:
    """What was published before and does not compile now: stale where its manifest has errors, else retired."""
    if before is None:
        return {}
    fresh = {published.dag_id for published in compiled.rollouts}
    kept: dict[str, Published] = {}
    for path in sorted((version_folder(store, before) / FOLDER).glob("rollout.*.json")):
        try:
            published = read(path)
        except PublishedFormatError:
            continue
        if published.dag_id in fresh:
            continue
        reason = compiled.why_broken(published)
        if reason:
            kept[published.dag_id] = replace(published, status=STALE, status_reason=reason)
        else:
            gone = f"no manifest defines rollout {published.rollout} in {published.environment} any more"
            kept[published.dag_id] = replace(published, status=RETIRED, status_reason=gone)
    return kept


def _unreadable(store: Path, before: str | None, known: set[str]) -> dict[str, bytes]:
    """Published files of another format: carried on as they are, because a DAG that vanishes freezes its runs."""
    if before is None:
        return {}
    folder = version_folder(store, before) / FOLDER
    return {
        f"{FOLDER}/{path.name}": path.read_bytes() for path in folder.glob("rollout.*.json") if path.stem not in known
    }


def _hash(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:20]


def _write(store: Path, version: str, files: Mapping[str, bytes]) -> None:
    """Write beside, then rename: a reader sees a whole version or none."""
    folder = version_folder(store, version)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
        try:
            for name, content in files.items():
                path = scratch / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            scratch.chmod(0o755)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    pointer = store / f"{CURRENT_FILE}.{os.getpid()}"
    pointer.write_text(version + "\n", encoding="utf-8")
    pointer.replace(store / CURRENT_FILE)
