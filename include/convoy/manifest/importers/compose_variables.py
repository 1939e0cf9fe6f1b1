"""Variables of compose files: ``.env`` files, and ``${NAME:-default}`` in its forms.

The values come from the files alone. The environment of whoever runs the import is not read, so that the same files
give the same manifests everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from convoy.manifest.importers.base import Finding

MAX_DEPTH = 20
"""How deep defaults may be nested in defaults."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*[=:](?P<value>.*)")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")

Report = Callable[[str, str, str, str], None]
"""Takes severity, code, message and hint."""


class _Malformed(Exception):
    """Not a reference to a variable."""


@dataclass
class Variables:
    """Names and values. A variable that is not set is reported once, at the first place that uses it."""

    values: dict[str, str] = field(default_factory=dict)
    unset: set[str] = field(default_factory=set)

    def read(self, path: Path, findings: list[Finding], *, override: bool = True) -> None:
        """Add what a file sets. Lines that cannot be read are reported."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            findings.append(Finding("error", str(path), "unreadable", f"cannot be read: {reason}", "name another file"))
            return
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LINE.fullmatch(line)
            at = f"{path}:{number}:1"
            if match is None:
                message = "not a line of the form NAME=value; it is ignored"
                findings.append(Finding("warning", at, "env-line", message, "values over several lines are not read"))
                continue
            value = self._value(match["value"].strip(), at, findings)
            if override or match["name"] not in self.values:
                self.values[match["name"]] = value

    def copy(self) -> Variables:
        """The same values, to add others to."""
        return Variables(dict(self.values), self.unset)

    def expand(self, text: str, at: str, findings: list[Finding]) -> str:
        """The text with its variables replaced; what is wrong is added to ``findings``, and its text left as it is."""
        if "$" not in text:
            return text
        try:
            return _Expansion(text, self, at, findings).run()
        except _Malformed as error:
            message = f"{text!r} has {error}"
            findings.append(Finding("error", at, "variable", message, "a $ that is meant as such is written $$"))
            return text

    def _value(self, text: str, at: str, findings: list[Finding]) -> str:
        if text[:1] == "'" and text.find("'", 1) > 0:
            return text[1 : text.find("'", 1)]
        quoted = re.match(r'"((?:[^"\\]|\\.)*)"', text)
        if quoted:
            return self.expand(re.sub(r'\\(["\\$])', r"\1", quoted[1]), at, findings)
        return self.expand(re.split(r"\s#", f" {text}", maxsplit=1)[0].strip(), at, findings)


class _Expansion:
    """One pass over one text."""

    def __init__(self, text: str, variables: Variables, at: str, findings: list[Finding]) -> None:
        self._text, self._variables, self._at, self._findings = text, variables, at, findings
        self._index = 0

    def run(self) -> str:
        return self._until("", 0)

    def _until(self, end: str, depth: int) -> str:
        """The expanded text up to an end, which is consumed."""
        if depth > MAX_DEPTH:
            raise _Malformed(f"defaults nested deeper than {MAX_DEPTH}")
        out: list[str] = []
        while self._index < len(self._text):
            char = self._text[self._index]
            if end and char == end:
                self._index += 1
                return "".join(out)
            if char != "$":
                out.append(char)
                self._index += 1
            elif self._text.startswith("$$", self._index):
                out.append("$")
                self._index += 2
            else:
                self._index += 1
                out.append(self._reference(depth))
        if end:
            raise _Malformed("a ${ that no } closes")
        return "".join(out)

    def _reference(self, depth: int) -> str:
        braced = self._text.startswith("{", self._index)
        match = _NAME.match(self._text, self._index + braced)
        if match is None:
            raise _Malformed("a $ that no name of a variable follows")
        self._index = match.end()
        name = match.group()
        if not braced:
            return self._plain(name)
        operator = next((o for o in _OPERATORS if self._text.startswith(o, self._index)), "")
        self._index += len(operator)
        if not operator:
            if not self._text.startswith("}", self._index):
                raise _Malformed(f"something after the name {name} that is no operator")
            self._index += 1
            return self._plain(name)
        return self._with_operator(name, operator, depth)

    def _with_operator(self, name: str, operator: str, depth: int) -> str:
        # Only what is used is reported: a default that is not needed may name variables that are not set.
        value = self._variables.values.get(name)
        given = bool(value) if operator.startswith(":") else value is not None
        used = given == operator.endswith("+")
        findings, self._findings = self._findings, self._findings if used else []
        unset, self._variables.unset = self._variables.unset, self._variables.unset if used else set()
        other = self._until("}", depth + 1)
        self._findings, self._variables.unset = findings, unset
        if operator.endswith("+"):
            return other if given else ""
        if given:
            return value or ""
        if operator.endswith("-"):
            return other
        message = f"the variable {name} is needed and not set: {other or 'no reason is given'}"
        findings.append(Finding("error", self._at, "variable", message, f"set {name} in an --env-file"))
        return ""

    def _plain(self, name: str) -> str:
        value: Mapping[str, str] = self._variables.values
        if name not in value and name not in self._variables.unset:
            self._variables.unset.add(name)
            message = f"the variable {name} is not set; it counts as empty"
            self._findings.append(Finding("warning", self._at, "variable", message, f"set {name} in an --env-file"))
        return value.get(name, "")
