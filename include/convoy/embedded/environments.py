"""Stopping what was deployed: the environments of the ``processes`` target that live in a home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from convoy.embedded.errors import StillRunning


def stop_environments(folder: Path, report: Callable[[str], None]) -> bool:
    """Stop every environment below ``folder``, with all replicas; their data stays. Whether anything ran.

    All are tried; then StillRunning is raised if something is left, or an environment could not be asked."""
    found = sorted(path for path in folder.glob("*") if path.is_dir())
    if not found:
        return False
    from convoy.targets.base import TargetError
    from convoy.targets.processes.supervisord import stop

    ran, errors = False, []
    for path in found:
        try:
            stopped = stop(path.name, str(path))
        except TargetError as error:
            errors.append(f"environment {path.name}: {error}")
            continue
        if stopped.pids:
            ran = True
            report(f"stopped environment {path.name}, {len(stopped.pids)} processes")
    if errors:
        raise StillRunning("\n".join(errors))
    return ran
