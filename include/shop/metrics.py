"""The three metrics of a service, in Prometheus' text format."""

from __future__ import annotations

import resource
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from pathlib import Path

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STATM = Path("/proc/self/statm")


class Metrics:
    """Counts requests and their durations (seconds) by route. Health checks and scrapes do not count."""

    def __init__(self, component: str, version: str) -> None:
        self._who = f'component="{component}",version="{version}"'
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
        self._seconds: Counter[str] = Counter()

    def observe(self, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests[route, status] += 1
        self._buckets[route][bisect_left(BUCKETS, seconds)] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]

    def to_text(self) -> str:
        """All metrics, for ``/metrics``."""
        lines = ["# HELP shop_requests_total Requests answered.", "# TYPE shop_requests_total counter"]
        for (route, status), count in sorted(self._requests.items()):
            lines.append(f'shop_requests_total{{{self._who},route="{route}",code="{status}"}} {count}')
        lines += [
            "# HELP shop_request_duration_seconds Time until the answer.",
            "# TYPE shop_request_duration_seconds histogram",
        ]
        for route in sorted(self._buckets):
            labels, total = f'{self._who},route="{route}"', 0
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), self._buckets[route], strict=True):
                total += count
                lines.append(f'shop_request_duration_seconds_bucket{{{labels},le="{bound}"}} {total}')
            lines.append(f"shop_request_duration_seconds_sum{{{labels}}} {self._seconds[route]:.6f}")
            lines.append(f"shop_request_duration_seconds_count{{{labels}}} {total}")
        lines += [
            "# HELP shop_process_memory_bytes Memory of the process in use.",
            "# TYPE shop_process_memory_bytes gauge",
            f"shop_process_memory_bytes{{{self._who}}} {memory()}",
            "",
        ]
        return "\n".join(lines)


def memory() -> int:
    """Bytes of memory of this process: what is in use now; where the system does not tell, the most it ever was."""
    if _STATM.exists():
        return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
