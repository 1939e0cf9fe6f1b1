"""A service that knows words: GET /word."""

import os
import random
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ("harbour", "lantern", "compass", "tide")


class Words(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (random.choice(WORDS) if self.path == "/word" else "ok").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Words).serve_forever()
