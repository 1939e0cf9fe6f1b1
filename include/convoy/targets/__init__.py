"""Where components run, behind one small protocol."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from convoy.targets.base import Target

TARGETS = ("processes", "webhook", "command", "kubernetes")


class UnknownTarget(ValueError):
    """There is no target of this kind."""


def open_target(config: Mapping[str, Any], environment: str) -> Target:
    """The target of an environment; ``config`` is the ``target`` of its manifest as JSON (``model_dump()``).

    Reaches nothing yet: that is :meth:`Target.prepare`'s task. Raises UnknownTarget, and ValueError for settings that
    cannot be used.
    """
    kind = config.get("kind")
    if kind == "processes":
        from convoy.targets.processes.target import ProcessesTarget

        return ProcessesTarget(environment, root=config.get("root"))
    if kind == "webhook":
        from convoy.targets.webhook import WebhookTarget

        return WebhookTarget(config, environment)
    if kind == "command":
        from convoy.targets.command import CommandTarget

        return CommandTarget(config, environment)
    if kind == "kubernetes":
        from convoy.targets.kubernetes.target import KubernetesTarget

        return KubernetesTarget(config, environment)
    close = difflib.get_close_matches(str(kind), TARGETS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(TARGETS)}"
    raise UnknownTarget(f"no target is called {kind!r} (environment {environment}); {hint}")
