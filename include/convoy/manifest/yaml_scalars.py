"""What an unquoted scalar means: the core schema of YAML 1.2, and nothing more.

``yes``, ``no``, ``on``, ``off``, dates and ``12:30:00`` are text. Numbers keep their spelling.
"""

from __future__ import annotations

import math
import re

from convoy.manifest.yaml_nodes import WrittenFloat, WrittenInt

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# Longer than any number that a manifest needs; the limit keeps the conversion cheap. Longer ones are text.
_INT = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,6})?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class NotFinite(ValueError):
    """Infinity, not-a-number, or a number too large to be one."""


def plain_scalar(text: str) -> str | WrittenInt | WrittenFloat | bool | None:
    """The value of an unquoted scalar. Raises NotFinite."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return WrittenInt(int(text, base), text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise NotFinite(text)
        return WrittenFloat(value, text)
    if _NOT_FINITE.fullmatch(text):
        raise NotFinite(text)
    return text
