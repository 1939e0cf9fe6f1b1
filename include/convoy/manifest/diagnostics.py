"""What is wrong with manifests: where, why, and what to do about it.

Errors::

    ManifestError   carries every diagnostic, sorted by place
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Diagnostic:
    """One finding. ``line`` and ``column`` count from 1; 0 where a file is meant as a whole.

    ``message`` says what is wrong and why, ``hint`` what to do; ``code`` is stable, for filters and editors."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str
    hint: str = ""

    @property
    def location(self) -> str:
        """``file:line:col``; only the file where there is no line, and empty where there is no file."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        """``file:line:col: error: message [code]``, and the hint indented on the next line."""
        place = f"{self.location}: " if self.location else ""
        first = f"{place}{self.severity}: {self.message} [{self.code}]"
        return f"{first}\n  hint: {self.hint}" if self.hint else first

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


class ManifestError(Exception):
    """Manifests that cannot be used. ``diagnostics`` has every finding, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_order(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sorted by file, line and column, each only once."""
    unique = dict.fromkeys(diagnostics)
    return tuple(sorted(unique, key=lambda d: (d.file, d.line, d.column, d.severity, d.code, d.message)))


def did_you_mean(wrong: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """``did you mean x?`` with the closest known words, else ``otherwise``."""
    close = close_matches(wrong, known)
    return f"did you mean {one_of(close)}?" if close else otherwise


def close_matches(wrong: str, known: Iterable[str]) -> list[str]:
    """Up to two known words that look like a wrong one; upper and lower case do not count."""
    by_lower = {word.lower(): word for word in sorted(known)}
    return [by_lower[match] for match in difflib.get_close_matches(wrong.lower()[:128], by_lower, n=2, cutoff=0.7)]


def one_of(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
