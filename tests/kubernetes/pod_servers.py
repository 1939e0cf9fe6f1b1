"""The HTTP side of the fake kubelet: a small service per pod, and the logs that the API server asks a kubelet for.

A pod's service listens on the pod's own address, inside 127.0.0.0/8, at its container's port, and answers

- ``/healthz``: 200 while the pod is ready, else 503 (or what ``health`` says), with its version;
- ``/metrics``: ``app_requests_total`` by code; every scrape counts one hundred requests, ``errors`` of them failed.

Plain threads, for a service has to be gone for certain once it is stopped: an event loop may hold on to a connection
that comes in at that very moment.
"""

from __future__ import annotations

import json
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

# Status, kind of content, content.
Answer = tuple[int, str, str]
# What a request for logs names: namespace, pod, container, and whether it is about the run before. None: nothing there.
LogLines = Callable[[str, str, str, bool], "list[str] | None"]
JSON = "application/json"
TEXT = "text/plain; version=0.0.4"
LOGS = "logs"


@dataclass
class Service:
    """What a pod's service says. May be changed while it runs."""

    version: str
    ready: bool = False
    # The behaviour that the pod asks for in its environment, as in the services of the end-to-end tests.
    health: int = 200
    errors: float = 0.0
    counts: dict[str, float] = field(default_factory=lambda: {"200": 0.0, "500": 0.0})

    def answer(self, path: str) -> Answer:
        """One request."""
        if path == "/healthz":
            status = self.health if self.ready else 503
            return status, JSON, json.dumps({"status": "ok" if status == 200 else "bad", "version": self.version})
        if path == "/metrics":
            failed = 100.0 * self.errors
            self.counts["500"] += failed
            self.counts["200"] += 100.0 - failed
            lines = ["# TYPE app_requests_total counter"]
            for code, count in self.counts.items():
                lines.append(f'app_requests_total{{code="{code}",version="{self.version}"}} {count}')
            return 200, TEXT, "\n".join([*lines, ""])
        return 200, JSON, json.dumps({"version": self.version})


class PodServers:
    """Starts and stops services, each known by a key."""

    def __init__(self) -> None:
        self._servers: dict[str, list[_Server]] = {}

    def serve(self, key: str, service: Service, host: str, ports: list[int]) -> None:
        """Start a service. Raises OSError where an address is taken or not allowed; then nothing listens."""
        try:
            for port in ports:
                self._start(key, service.answer, host, port)
        except OSError:
            self.stop(key)
            raise

    def serve_logs(self, lines: LogLines, certificate: tuple[Path, Path]) -> int:
        """Serve logs over TLS, as a kubelet does; the port."""

        def answer(path: str) -> Answer:
            asked = urlsplit(path)
            query = parse_qs(asked.query)
            _, what, namespace, pod, container = asked.path.split("/")
            if what != "containerLogs":
                return 404, TEXT, "only logs are to be had here"
            found = lines(namespace, pod, container, query.get("previous") == ["true"])
            if found is None:
                return 400, TEXT, f'container "{container}" in pod "{pod}" has not run'
            if "tailLines" in query:
                found = found[max(0, len(found) - int(query["tailLines"][0])) :]
            return 200, TEXT, "".join(f"{line}\n" for line in found)

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        return self._start(LOGS, answer, "127.0.0.1", 0, context)

    def stop(self, key: str) -> None:
        """Stop a service; nothing if there is none of this key."""
        for server in self._servers.pop(key, []):
            server.end()

    def close(self) -> None:
        """Stop everything."""
        for key in list(self._servers):
            self.stop(key)

    def _start(
        self, key: str, answer: Callable[[str], Answer], host: str, port: int, context: ssl.SSLContext | None = None
    ) -> int:
        server = _Server((host, port), type("Handler", (_Handler,), {"answer": staticmethod(answer)}))
        if context is not None:
            # The handshake is for the thread of the connection: nobody may keep the others waiting.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.begin()
        self._servers.setdefault(key, []).append(server)
        return int(server.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    answer: Callable[[str], Answer]
    timeout = 10

    def do_GET(self) -> None:
        status, kind, text = self.answer(self.path)
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def begin(self) -> None:
        # Stopping waits for the poll, so it is short.
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def server_bind(self) -> None:
        """Without asking a resolver for the name of the address, as the parent does."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone, or trusts nobody, is part of the tests; anything else is a mistake of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
