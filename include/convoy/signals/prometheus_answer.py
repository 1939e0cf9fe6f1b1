"""Reading the answer of Prometheus's query API: one number, no data, or an error that says what came instead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

_LONGEST_TEXT = 300


class AnswerError(ValueError):
    """The answer holds no single number, and is not empty either."""


@dataclass(frozen=True)
class Answer:
    """``value`` is None where no series matched. ``at`` is the server's time of the value, ISO 8601 in UTC."""

    value: float | None
    at: str | None
    warnings: tuple[str, ...] = ()


def read_answer(status: int, body: bytes) -> Answer:
    """The answer to an instant query. Raises AnswerError."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "status" not in document:
        raise AnswerError(f"status {status}, and the body is not an answer of Prometheus's query API")
    if document["status"] != "success" or status != 200:
        kind, text = document.get("errorType", "error"), document.get("error", "no text")
        raise AnswerError(f"status {status}, {_short(kind)}: {_short(text)}")
    data = document.get("data")
    if not isinstance(data, dict):
        raise AnswerError("the answer says success and has no data")
    value, at = _value(data.get("resultType"), data.get("result"))
    return Answer(value, at, _warnings(document))


def _value(kind: Any, result: Any) -> tuple[float | None, str | None]:
    if kind == "scalar":
        return _sample(result)
    if kind != "vector":
        raise AnswerError(
            f"the query gives a {_short(kind)}; a gate needs one number (a scalar, or a vector of one series)"
        )
    if not isinstance(result, list):
        raise AnswerError("the answer has a vector that is not a list")
    if not result:
        return None, None
    if len(result) > 1:
        raise AnswerError(f"the query gives {len(result)} series; aggregate them to one, for example with sum(...)")
    if not isinstance(result[0], dict) or "value" not in result[0]:
        raise AnswerError("the query gives a series without a plain value, perhaps a native histogram")
    return _sample(result[0]["value"])


def _sample(pair: Any) -> tuple[float, str]:
    """``[seconds, "number"]``: NaN and the infinities are numbers here, and judged elsewhere."""
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], str) or isinstance(pair[0], bool):
        raise AnswerError(f'the answer has {_short(pair)} for a sample, wanted [time, "value"]')
    try:
        value, at = float(pair[1]), datetime.fromtimestamp(pair[0], timezone.utc)
    except (ValueError, TypeError, OverflowError, OSError):
        raise AnswerError(f"the answer has {_short(pair)} for a sample, which is no time and number") from None
    return value, at.isoformat(timespec="milliseconds")


def _warnings(document: dict[str, Any]) -> tuple[str, ...]:
    found = [document.get(key) for key in ("warnings", "infos")]
    return tuple(_short(text) for texts in found if isinstance(texts, list) for text in texts)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."
