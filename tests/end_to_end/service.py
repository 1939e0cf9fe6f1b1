"""A service for the end-to-end tests: healthy or not, good or bad, as its version says.

BEHAVIOUR is a JSON object: ``health`` (status code of /healthz), ``sick_file``
(unhealthy as long as this file exists), ``errors`` (share of the requests that it counts as
failed), ``crash`` (exit at start). It counts requests on its own account, so that no load is needed: one hundred for
every scrape of /metrics.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BEHAVIOUR = json.loads(os.environ.get("BEHAVIOUR", "{}"))
COUNTS = {"200": 0.0, "500": 0.0}


class Handler(BaseHTTPRequestHandler):
    """Health, metrics, and who it is."""

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/healthz":
            sick = "sick_file" in BEHAVIOUR and Path(BEHAVIOUR["sick_file"]).exists()
            self._answer(
                503 if sick else int(BEHAVIOUR.get("health", 200)),
                {"status": "ok", "version": os.environ["CONVOY_VERSION"]},
            )
        elif self.path == "/metrics":
            failed = 100.0 * float(BEHAVIOUR.get("errors", 0.0))
            COUNTS["500"] += failed
            COUNTS["200"] += 100.0 - failed
            lines = ["# TYPE app_requests_total counter"]
            lines += [f'app_requests_total{{code="{code}"}} {count}' for code, count in COUNTS.items()]
            self._answer(200, "\n".join([*lines, ""]), "text/plain; version=0.0.4")
        else:
            self._answer(200, {"component": os.environ["CONVOY_COMPONENT"], "version": os.environ["CONVOY_VERSION"]})

    def _answer(self, status: int, body: object, kind: str = "application/json") -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the log short."""


def main() -> None:
    """Serve until SIGTERM."""
    if BEHAVIOUR.get("crash"):
        sys.exit("crashing, as I was told")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()


if __name__ == "__main__":
    main()
