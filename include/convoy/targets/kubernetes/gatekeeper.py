"""``ready`` for a gate that asks again and again: waits on watches, and has every end confirmed by the API server."""

from __future__ import annotations

import math
import time

from convoy.targets.base import Readiness
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.objects import Ref
from convoy.targets.kubernetes.readiness import Reader
from convoy.targets.kubernetes.stamp import generation_now
from convoy.targets.kubernetes.watches import NotKnown, Watches

CONFIRMED_FOR = 5.0
"""Seconds for which the server's word that a component is ready stands, as long as the watches see it so too."""
AT_ONCE = ("ConfigMap", "CronJob")
"""Kinds that are ready as soon as they are written."""


class Gatekeeper:
    """Answers a gate that asks again and again: as long as the watches say *not yet*, without a request.

    What they say of an end is asked for at the API server; so is what they have not seen yet. An answer of the server
    that said ready stands for some seconds, as long as the watches see no change."""

    def __init__(self, client: Client, watches: Watches) -> None:
        self._asked, self._watched = Reader(client), Reader(watches)
        self._watches = watches
        self._confirmed: dict[tuple[str, int], tuple[float, Readiness]] = {}

    def ready(self, component: str, ref: Ref | None, generation: int) -> Readiness:
        """One answer about the change with this generation."""
        if ref is None or generation == 0 or ref.kind in AT_ONCE:
            return self._asked.ready(component, ref, generation)
        try:
            live = self._watches.get(ref)
            if live is None or generation_now(live) < generation:
                raise NotKnown(component)
            found = self._watched.ready(component, ref, generation)
        except NotKnown:
            return self._asked.ready(component, ref, generation)
        if not found.ready and not found.failed:
            return found
        key, now = (component, generation), time.monotonic()
        at, confirmed = self._confirmed.get(key, (-math.inf, None))
        if confirmed == found and now - at < CONFIRMED_FOR:
            return found
        answer = self._asked.ready(component, ref, generation)
        self._confirmed[key] = (now, answer)
        return answer
