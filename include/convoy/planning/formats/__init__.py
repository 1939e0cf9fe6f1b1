"""A plan as a picture or as a review comment: one function per format, in one explicit registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from convoy.planning.formats.dot import as_dot
from convoy.planning.formats.markdown import as_markdown
from convoy.planning.formats.mermaid import as_mermaid
from convoy.planning.formats.svg import as_svg
from convoy.planning.plan import Plan

__all__ = ["FORMATS", "as_dot", "as_markdown", "as_mermaid", "as_svg"]

FORMATS: Mapping[str, Callable[[Plan], str]] = MappingProxyType(
    {"mermaid": as_mermaid, "dot": as_dot, "svg": as_svg, "markdown": as_markdown}
)
"""By the name that ``--format`` takes. Text and JSON are in :mod:`convoy.planning.render`."""
