"""The YAML parser's messages in plain words."""

from __future__ import annotations

import yaml

from convoy.manifest.yaml_nodes import Position

_PLAIN: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a `key: value` cannot stand here",
        "check the indentation of this line and the one before; text that contains ': ' needs quotes",
    ),
    (
        "did not find expected ',' or ']'",
        "the list that starts here is not closed by ]",
        "add the ], or a missing comma",
    ),
    (
        "did not find expected ',' or '}'",
        "the mapping that starts here is not closed by }",
        "add the }, or a missing comma",
    ),
    ("found unexpected end of stream", "the quoted text that starts here is not closed", "add the quote"),
    ("found unknown escape character", "an escape that YAML does not know", "in single quotes a \\ is just a \\"),
    (
        "did not find expected key",
        "this line does not fit the mapping that it stands in",
        "check its indentation and quotes",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list that it stands in",
        "start it with `- `, or check its indentation",
    ),
    ("did not find expected node content", "a value is missing here", "close every [ and {, and leave no comma alone"),
    ("could not find expected ':'", "a key without a value", "write `key: value`"),
    (
        "did not find expected <document start>",
        "a second document without a --- before it",
        "put --- on a line before it",
    ),
)
_FROM_THE_START = ("',' or ']'", "',' or '}'", "unexpected end of stream")


def explain(error: yaml.YAMLError, text: str, line_offset: int) -> tuple[Position, str, str]:
    """Position, message and hint of a syntax error in a part of a file that begins after ``line_offset`` lines."""
    problem = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    if context is not None and any(words in problem for words in _FROM_THE_START):
        mark = context
    position = Position(mark.line + 1 + line_offset, mark.column + 1) if mark else Position(1 + line_offset, 1)
    if "cannot start any token" in problem and mark is not None:
        return (position, *_odd_character(text, mark))
    for words, message, hint in _PLAIN:
        if words in problem:
            return position, message, hint
    return position, problem, "see https://yaml.org/spec/1.2.2 for the syntax"


def _odd_character(text: str, mark: yaml.Mark) -> tuple[str, str]:
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    character = line[mark.column : mark.column + 1]
    if "\t" in (character, *line[: len(line) - len(line.lstrip())]):
        return "a tab is used for indentation", "YAML indents with spaces"
    return f"text cannot start with {character!r}", "put the text in quotes"
