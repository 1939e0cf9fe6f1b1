"""The visitors of the demo shop, and which phase of the story they come in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from convoy.cli.run_view import RunView

INCLUDE = Path(__file__).resolve().parents[2]
SUSPECT = "recommendation"
"""The component whose new version is bad."""


class Load:
    """The load generator as a process of its own; ends with the context."""

    def __init__(self, folder: Path, rate: float, environment: str) -> None:
        self._folder = folder
        self._rate = rate
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.report = folder / "load.jsonl"

    def __enter__(self) -> Load:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def start(self) -> None:
        """Send visitors to the frontend's stable address."""
        from convoy.targets.processes.target import ProcessesTarget

        address = ProcessesTarget(self._environment).address("frontend")
        if address is None:
            raise click.ClickException("the frontend has no address: the baseline is not live")
        where = f"{address[0]}:{address[1]}"
        click.echo(f"\n  {self._rate:g} requests per second to http://{where} from now on")
        command = [sys.executable, "-m", "shop.load", "--address", where, "--rate", f"{self._rate:g}"]
        command += ["--report", str(self.report), "--phase-file", str(self._folder / "phase")]
        with (self._folder / "load.log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=INCLUDE, stdout=log, stderr=log, start_new_session=True)

    def phase(self, name: str) -> None:
        """Count the following visitors under this name."""
        scratch = self._folder / "phase.new"
        scratch.write_text(name)
        scratch.replace(self._folder / "phase")

    def stop(self) -> dict[str, Any] | None:
        """End the load and return its summary; None where it was never started."""
        if self._process is None:
            return None
        self._end()
        sys.path.insert(0, str(INCLUDE))
        from shop.load.report import read_summary

        return read_summary(self.report)

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Phases:
    """Names the phase of each moment of a run: its name, ``fault`` while the bad version is live, ``restored``."""

    def __init__(self, load: Load, name: str) -> None:
        self._load = load
        self._name = name
        self._now = ""

    def see(self, view: RunView) -> None:
        """Follow the run."""
        phase = self._name
        if self._name == "shop-bad":
            suspect = next((batch for batch in view.batches if SUSPECT in batch.name), None)
            touched = suspect is not None and any(step.start for step in suspect.steps if step.name != "snapshot")
            if touched and suspect is not None:
                back = suspect.undo is not None and suspect.undo.state == "success"
                phase = "restored" if back else "fault (injected)"
        if phase != self._now:
            self._now = phase
            self._load.phase(phase)
