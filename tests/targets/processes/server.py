"""A tiny HTTP service: says who it is, after DELAY seconds; starts to listen after START_AFTER seconds.

It ends at once on SIGTERM, in the middle of whatever it answers: not a request survives that it is stopped under.
"""

from __future__ import annotations

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(float(os.environ.get("DELAY", "0")))
        names = ("CONVOY_COMPONENT", "CONVOY_VERSION", "CONVOY_REPLICA", "HOST", "PORT")
        known = {name: value for name, value in os.environ.items() if name.startswith("CONVOY_ADDRESS_")}
        answer = {**{name: os.environ[name] for name in names}, **known, "pid": os.getpid(), "env": sorted(os.environ)}
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        print(format % args, flush=True)


class Server(ThreadingHTTPServer):
    request_queue_size = 128


if __name__ == "__main__":
    print(f"starting {os.environ['CONVOY_VERSION']}", flush=True)
    time.sleep(float(os.environ.get("START_AFTER", "0")))
    Server((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
