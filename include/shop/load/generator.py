"""The stream of visitors: an open loop. They come when they come, however slow the shop answers.

A closed loop (the next request after the last answer) would go easy on a shop that is in trouble, and hide it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

from shop.client import Unreachable, send
from shop.load.journeys import Journey, Step, journeys, requests_per_journey
from shop.load.report import Report
from shop.load.tally import Sample, Tally

TIMEOUT = 10.0
THINK_SECONDS = 0.1
NO_PHASE = "load"


class Generator:
    """Sends ``rate`` requests per second to ``address`` until it is stopped, and reports each second.

    ``phase_file`` may hold one word; a request belongs to the phase in which it was sent."""

    def __init__(self, address: str, rate: float, report: Report, phase_file: Path | None) -> None:
        self.tally = Tally()
        self._address = address
        self._interval = requests_per_journey() / rate
        self._report = report
        self._phase_file = phase_file
        self._phase = NO_PHASE
        self._stop = asyncio.Event()
        self._started = time.monotonic()

    def stop(self) -> None:
        """No further visitors, no further steps; requests that are on their way are waited for."""
        self._stop.set()

    async def run(self) -> None:
        """Send until :meth:`stop`, then write the summary."""
        self._read_phase()
        reporting = asyncio.create_task(self._report_each_second())
        visits: set[asyncio.Task[None]] = set()
        stream: Iterator[Journey] = journeys(f"v{os.getpid()}")
        due = self._started
        while not self._stop.is_set():
            task = asyncio.create_task(self._visit(next(stream)))
            visits.add(task)
            task.add_done_callback(visits.discard)
            # Moments are counted from the start: a late one does not push back those after it.
            due += self._interval
            await self._wait(due - time.monotonic())
        if visits:
            await asyncio.wait(visits)
        await reporting
        self._report.write("summary", {"seconds": self._elapsed(), **self.tally.summary()})

    async def _visit(self, journey: Journey) -> None:
        for step in journey.steps:
            sample = await self._request(step)
            self.tally.add(sample)
            if self._stop.is_set() or not sample.served:
                return
            await self._wait(THINK_SECONDS)

    async def _request(self, step: Step) -> Sample:
        phase, start, blamed = self._phase, time.monotonic(), None
        try:
            answer = await send(self._address, step.method, step.path, step.body, timeout=TIMEOUT)
            status = str(answer.status)
            if answer.status >= 500:
                blamed = answer.json().get("dependency", "frontend")
        except Unreachable as error:
            status = error.reason
        return Sample(phase, step.route, status, time.monotonic() - start, blamed)

    async def _report_each_second(self) -> None:
        requests = failed = second = 0
        while not self._stop.is_set():
            second += 1
            await self._wait(self._started + second - time.monotonic())
            tally = self.tally
            self._report.write(
                "second",
                {
                    "second": self._elapsed(),
                    "phase": self._phase,
                    "served": tally.requests - requests - (tally.failed - failed),
                    "failed": tally.failed - failed,
                    "requests_so_far": tally.requests,
                    "failed_so_far": tally.failed,
                },
            )
            requests, failed = tally.requests, tally.failed
            self._read_phase()

    def _read_phase(self) -> None:
        if self._phase_file is not None and self._phase_file.exists():
            self._phase = self._phase_file.read_text(encoding="utf-8").strip() or NO_PHASE

    def _elapsed(self) -> float:
        return round(time.monotonic() - self._started, 1)

    async def _wait(self, seconds: float) -> None:
        """Wait, but not beyond the stop."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._stop.wait(), seconds)
            except asyncio.TimeoutError:
                return
        else:
            await asyncio.sleep(0)
