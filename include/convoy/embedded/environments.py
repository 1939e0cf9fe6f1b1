"""Stopping what was deployed: the environments of the ``processes`` target that live in a home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def stop_environments(folder: Path, report: Callable[[str], None]) -> bool:
    """Stop every environment below ``folder``, with all replicas; their data stays. Whether there was any."""
    found = sorted(path for path in folder.glob("*") if path.is_dir())
    if not found:
        return False
    from convoy.targets.processes import stop

    for path in found:
        report(f"stopping environment {path.name}")
        stop(path)
    return True
