"""The program of the examples: says who it is, is healthy, and tells how long it has been up."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STARTED = time.monotonic()


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/metrics":
            seconds = time.monotonic() - STARTED
            return self.answer(f"# TYPE example_uptime_seconds gauge\nexample_uptime_seconds {seconds:.3f}\n")
        who = {"component": os.environ["CONVOY_COMPONENT"], "version": os.environ["CONVOY_VERSION"]}
        return self.answer(json.dumps({"status": "ok", **who}))

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Service).serve_forever()
