"""Filling a PromQL template: ``$component``, ``$version``, ``$revision`` and ``$interval``, and nothing else.

The first three are text, so they are replaced inside string literals only, escaped for the kind of literal, and, in a
matcher with ``=~`` or ``!~``, for its regular expression: a version ``1.10.0+b2`` matches itself and nothing else.
``$interval`` is a duration and may stand anywhere, as in ``rate(requests_total[$interval])``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"\$(component|version|revision|interval)([A-Za-z0-9_]*)")
_DURATION = re.compile(r"(\d+(ms|[smhdwy]))+")
_LONGEST_VALUE = 256


class TemplateError(ValueError):
    """A query that cannot be filled, or a value that cannot be put into it."""


def fill(template: str, values: Mapping[str, str]) -> str:
    """The query to send. ``values`` has all four names; ``interval`` in PromQL's spelling (``30s``).

    Raises TemplateError for a text value outside a string literal, a name that runs on (``$component_total``), an
    unterminated literal, and a value that is empty, too long, or has control characters.
    """
    done: list[str] = []
    position = 0
    while position < len(template):
        char = template[position]
        if char == "#":
            end = template.find("\n", position)
            end = len(template) if end < 0 else end
            done.append(template[position:end])
        elif char in "\"'`":
            end = _end_of_literal(template, position)
            regex = "".join(done).rstrip().endswith(("=~", "!~"))
            done.append(_replace(template[position:end], values, quote=char, regex=regex))
        else:
            end = position + 1
            while end < len(template) and template[end] not in "\"'`#":
                end += 1
            done.append(_replace(template[position:end], values, quote=None, regex=False))
        position = end
    return "".join(done)


def _end_of_literal(template: str, start: int) -> int:
    quote = template[start]
    position = start + 1
    while position < len(template):
        if template[position] == "\\" and quote != "`":
            position += 2
            continue
        if template[position] == quote:
            return position + 1
        position += 1
    raise TemplateError(f"the string literal that begins at character {start + 1} of the query has no end")


def _replace(text: str, values: Mapping[str, str], *, quote: str | None, regex: bool) -> str:
    def one(match: re.Match[str]) -> str:
        name, more = match.group(1), match.group(2)
        if more:
            raise TemplateError(
                f"${name}{more} is no name that can be replaced; ${name} must not be followed by a letter, digit or _"
            )
        value = _checked(name, values[name])
        if name == "interval":
            return value
        if quote is None:
            raise TemplateError(
                f'${name} stands outside a string literal; write it inside one, as in {{app="${name}"}}'
            )
        return _escaped(re.escape(value) if regex else value, name, quote)

    return _NAME.sub(one, text)


def _checked(name: str, value: str) -> str:
    if not value or len(value) > _LONGEST_VALUE or not value.isprintable():
        raise TemplateError(f"${name} is {value[:80]!r}: only 1 to {_LONGEST_VALUE} printable characters can be put in")
    if name == "interval" and not _DURATION.fullmatch(value):
        raise TemplateError(f"$interval is {value!r}, which is no PromQL duration")
    return value


def _escaped(value: str, name: str, quote: str) -> str:
    if quote == "`":
        if "`" in value:
            raise TemplateError(f"${name} is {value!r}: a backtick cannot be put into a literal in backticks")
        return value
    return value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
