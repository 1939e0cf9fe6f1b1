"""Checks across documents: what each document alone cannot know."""

from __future__ import annotations

from convoy.manifest.checks.data import check_data
from convoy.manifest.checks.findings import Findings, Known
from convoy.manifest.checks.fitness import check_fitness
from convoy.manifest.checks.references import check_references
from convoy.manifest.checks.versions import check_versions

__all__ = ["Findings", "Known", "check_all"]


def check_all(known: Known) -> Findings:
    """Run every check."""
    findings = Findings()
    check_references(known, findings)
    check_versions(known, findings)
    check_fitness(known, findings)
    check_data(known, findings)
    return findings
