"""HTTP/1.1 messages, as much of them as the shop needs: one request per connection, JSON bodies, Content-Length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

HEAD_LIMIT = 16 * 1024
BODY_LIMIT = 256 * 1024
JSON_TYPE = "application/json"


class HttpError(Exception):
    """An answer that is not a success. ``code`` is a word for programs, ``message`` a sentence for people."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def to_response(self) -> Response:
        """The answer that says so."""
        return Response({"error": str(self), "code": self.code, **self.details}, self.status)


@dataclass
class Request:
    """One request. ``path`` is as sent, ``query`` has the last value of a name, ``parameters`` are the route's."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises HttpError 400 for anything else."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise HttpError(400, "bad-json", f"the body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise HttpError(400, "bad-json", "the body is not a JSON object")
        return value

    def need(self, name: str, kind: type) -> Any:
        """One field of the JSON body. Raises HttpError 400 where it is missing or of another type."""
        value = self.json().get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise HttpError(400, "bad-field", f"the field {name!r} must be of type {kind.__name__}")
        return value


@dataclass(frozen=True)
class Response:
    """One answer: a JSON value, or text with its own content type."""

    body: Any
    status: int = 200
    content_type: str = JSON_TYPE

    def to_bytes(self) -> bytes:
        """The answer on the wire. It always announces the end of the connection."""
        content = self.body if self.content_type != JSON_TYPE else json.dumps(self.body)
        payload = content.encode()
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        head = (
            f"HTTP/1.1 {self.status} {phrase}\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + payload


def parse_request_head(head: bytes) -> tuple[Request, int]:
    """The request without its body, and how long the body is. Raises HttpError 400, 411 or 413."""
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise HttpError(400, "bad-request", "not an HTTP/1 request")
    headers = parse_headers(lines[1:])
    if "transfer-encoding" in headers:
        raise HttpError(411, "length-required", "send the body with a Content-Length")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise HttpError(400, "bad-request", f"not a Content-Length: {length!r}")
    if int(length) > BODY_LIMIT:
        raise HttpError(413, "too-large", f"the body is larger than {BODY_LIMIT} bytes")
    try:
        target = urlsplit(parts[1])
    except ValueError as error:
        raise HttpError(400, "bad-request", f"not a request target: {error}") from error
    query = {name: values[-1] for name, values in parse_qs(target.query).items()}
    return Request(parts[0], target.path or "/", query), int(length)


def parse_headers(lines: list[str]) -> dict[str, str]:
    """Header lines as a mapping with lower-case names."""
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers
