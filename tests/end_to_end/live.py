"""What is live in an environment of the ``processes`` target, asked of the target and of the processes themselves."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import urlopen

from convoy.targets.processes.target import ProcessesTarget


def live(environment: str, *components: str) -> dict[str, str | None]:
    """The version of each component, by the target's own observation."""
    target = ProcessesTarget(environment)
    return {component: target.observe(component).version for component in components}


def answers(environment: str, component: str) -> dict[str, Any]:
    """What a replica answers at the component's stable address."""
    address = ProcessesTarget(environment).address(component)
    assert address is not None, f"{component} has no address"
    with urlopen(f"http://{address[0]}:{address[1]}/", timeout=10) as answer:
        return dict(json.load(answer))


def locked(environment: str) -> dict[str, str]:
    """The epoch of each holder's lock."""
    return {lock.holder: lock.epoch for lock in ProcessesTarget(environment).locks()}
