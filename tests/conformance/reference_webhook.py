"""The reference of the webhook contract: the fleet behind HTTP, in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.conformance.reference_fleet import Complaint, Fleet, empty

STATUS = {"lock-held": 409, "fenced": 409, "drift": 409, "refused": 422}


@contextmanager
def serve(token: str) -> Iterator[str]:
    """Serve a new fleet on loopback; yields its address."""
    fleet, guard = Fleet(empty()), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Authorization"] != f"Bearer {token}":
                self._send(401, {"error": "refused", "message": "who are you?"})
                return
            try:
                with guard:
                    answer = fleet.answer(self.path.strip("/"), json.loads(body))
            except Complaint as complaint:
                self._send(STATUS[complaint.code], {"error": complaint.code, "message": str(complaint)})
                return
            self._send(200, answer)

        def _send(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output short."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
