"""``python -m shop.load``: visitors for the shop, until SIGTERM or SIGINT.

``--report FILE`` gets a line each second and a summary at the end; ``--phase-file FILE`` holds a word that says what is
going on, and the summary counts by it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from shop.load.generator import Generator
from shop.load.report import Report


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and send; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shop.load", description="Visitors for the demo shop.")
    parser.add_argument("--address", required=True, metavar="HOST:PORT", help="where the frontend is")
    parser.add_argument("--rate", type=_rate, default=20.0, help="requests per second (default: 20)")
    parser.add_argument("--report", required=True, type=Path, metavar="FILE", help="JSON lines; overwritten")
    parser.add_argument("--phase-file", type=Path, metavar="FILE", help="read each second; one word")
    given = parser.parse_args(arguments)
    report = Report(given.report)
    try:
        asyncio.run(_run(Generator(given.address, given.rate, report, given.phase_file)))
    finally:
        report.close()
    return 0


async def _run(generator: Generator) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, generator.stop)
    await generator.run()


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 10_000:
        raise argparse.ArgumentTypeError("a rate is above 0 and at most 10000 requests per second")
    return rate


if __name__ == "__main__":
    sys.exit(main())
