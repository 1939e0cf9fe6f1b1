"""A service that asks the other one: GET / is a greeting with a word from it."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

WORDS = f"http://{os.environ['CONVOY_ADDRESS_WORDS']}/word"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = "ok"
        if self.path == "/":
            with urlopen(WORDS, timeout=5) as answer:
                text = f"page {os.environ['CONVOY_VERSION']} says: {answer.read().decode()}"
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
