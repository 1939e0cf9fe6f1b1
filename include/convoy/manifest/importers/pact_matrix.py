"""The matrix of a Pact broker as rows with their places.

Reads the answer to ``GET /matrix``, which is also what ``pact-broker can-i-deploy --output json`` prints: an object
with a list ``matrix``, one row per verification of a pact, the newest first::

    {"consumer": {"name": ..., "version": {"number": ...}}, "provider": {"name": ..., "version": {"number": ...}},
     "pact": {"createdAt": ...}, "verificationResult": {"success": true, "verifiedAt": ..., "_links": {"self": ...}}}

Where no provider version has verified a pact, ``provider.version`` and ``verificationResult`` are null. Both mean that
nothing is known, which is not the same as a failure.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from convoy.manifest.importers.base import Finding

MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is read: some hundred thousand rows."""

_SPACE = re.compile(r"[ \t\r\n]*")
_LINE = re.compile(r"\n")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Row:
    """One row. ``success`` is None where nothing is known; ``published`` is when the pact was, ``verified`` when it
    was verified."""

    consumer: str
    consumer_version: str
    provider: str
    provider_version: str | None
    success: bool | None
    published: datetime | None
    verified: datetime | None
    evidence: str | None
    ignored: bool
    location: str

    @property
    def pair(self) -> tuple[str, str, str, str | None]:
        """Which two versions the row is about."""
        return self.consumer, self.consumer_version, self.provider, self.provider_version


def read_matrix(path: Path) -> tuple[list[Row], list[Finding]]:
    """The rows of a file, in its order, and what is wrong with it. Never raises for what is in the file."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            hint = "ask the broker for fewer versions"
            return [], [Finding("error", str(path), "too-large", f"larger than {MAX_BYTES >> 20} MiB", hint)]
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return [], [Finding("error", str(path), "unreadable", f"cannot be read: {reason}", "name a file of JSON")]
    rows: list[Row] = []
    findings: list[Finding] = []
    lines = [0, *(match.end() for match in _LINE.finditer(text))]
    try:
        for offset, value in _elements(text):
            line = bisect_right(lines, offset)
            location = f"{path}:{line}:{offset - lines[line - 1] + 1}"
            row = _row(value, location, findings)
            if row is not None:
                rows.append(row)
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        hint = "save the broker's answer as it is: GET /matrix?q[][pacticipant]=NAME&limit=1000"
        findings.append(Finding("error", place, "not-a-matrix", f"no matrix of a Pact broker: {error.msg}", hint))
    except (RecursionError, ValueError) as error:
        # Not a mistake in the syntax: lists within lists without end, or a number with thousands of digits.
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        findings.append(Finding("error", str(path), "not-a-matrix", what, "save the broker's answer as it is"))
    return rows, findings


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    """Every element of the list ``matrix`` with its offset. Raises json.JSONDecodeError."""
    position = _expect(text, 0, "{")
    found = False
    while text[position : position + 1] != "}":
        if text[position : position + 1] != '"':
            raise json.JSONDecodeError("expected a key", text, position)
        key, position = _DECODER.raw_decode(text, position)
        position = _expect(text, position, ":")
        if key == "matrix":
            found = True
            position = _expect(text, position, "[")
            while text[position : position + 1] != "]":
                start = position
                value, position = _DECODER.raw_decode(text, position)
                yield start, value
                position = _comma(text, position, "]")
            position = _skip(text, position + 1)
        else:
            _, position = _DECODER.raw_decode(text, position)
        position = _comma(text, position, "}")
    if not found:
        raise json.JSONDecodeError("there is no list called matrix", text, 0)
    end = _skip(text, position + 1)
    if end != len(text):
        raise json.JSONDecodeError("more text after the end", text, end)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def _expect(text: str, position: int, character: str) -> int:
    position = _skip(text, position)
    if text[position : position + 1] != character:
        raise json.JSONDecodeError(f"expected {character}", text, position)
    return _skip(text, position + 1)


def _comma(text: str, position: int, closing: str) -> int:
    position = _skip(text, position)
    if text[position : position + 1] == closing:
        return position
    position = _expect(text, position, ",")
    if text[position : position + 1] == closing:
        raise json.JSONDecodeError("a comma with nothing after it", text, position)
    return position


def _row(value: Any, location: str, findings: list[Finding]) -> Row | None:
    consumer, provider = _at(value, "consumer", "name"), _at(value, "provider", "name")
    consumer_version = _at(value, "consumer", "version", "number")
    provider_version = _at(value, "provider", "version", "number")
    wrong = [
        label
        for label, text in (
            ("consumer.name", consumer),
            ("consumer.version.number", consumer_version),
            ("provider.name", provider),
        )
        if not isinstance(text, str) or not text.strip() or not text.isprintable()
    ]
    if _at(value, "provider", "version") is not None and not isinstance(provider_version, str):
        wrong.append("provider.version.number")
    result = _at(value, "verificationResult")
    success = _at(result, "success")
    if result is not None and not isinstance(success, bool):
        wrong.append("verificationResult.success")
    if wrong:
        message = f"a row of the matrix without a usable {', '.join(wrong)}; it was left out"
        findings.append(Finding("error", location, "bad-row", message, "save the broker's answer as it is"))
        return None
    known = isinstance(success, bool) and provider_version is not None
    evidence = _at(result, "_links", "self", "href")
    return Row(
        consumer=consumer,
        consumer_version=consumer_version,
        provider=provider,
        provider_version=provider_version,
        success=success if known else None,
        published=_moment(_at(value, "pact", "createdAt")),
        verified=_moment(_at(result, "verifiedAt")),
        evidence=evidence if isinstance(evidence, str) and evidence and evidence.isprintable() else None,
        ignored=_at(value, "ignored") is True,
        location=location,
    )


def _at(value: Any, *keys: str) -> Any:
    """What keys lead to; None where they lead nowhere."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _moment(value: Any) -> datetime | None:
    """A time of the broker (ISO 8601); None for anything else. One without a zone is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        # Python 3.10 reads neither Z nor a zone without a colon.
        moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", re.sub(r"[Zz]$", "+00:00", value)))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
