"""A published rollout: everything that one DAG is built from, as one JSON file.

Publishing resolves, plans and freezes. The DAG file reads these files and nothing else, so that parsing needs no
YAML, no model and no planner, and so that a run's bundle version holds exactly what was reviewed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convoy.planning.plan import Plan

FORMAT = 1
ERRORS_FILE = "errors.json"
CURRENT, STALE, RETIRED = "current", "stale", "retired"


class PublishedFormatError(ValueError):
    """A published file that this version of Convoy cannot read."""


@dataclass(frozen=True)
class Published:
    """One rollout in one environment, ready to become a DAG.

    ``components`` maps each changing component to its resolved settings; ``alternatives`` lists the versions that may
    be chosen instead of the planned one; ``unchanged`` gives the versions of neighbours that the proof relies on;
    ``status`` says whether the manifests still say the same (``current``), have errors now (``stale``) or no longer
    define the rollout (``retired``)."""

    rollout: str
    environment: str
    source: str
    plan: Plan
    contracts: dict[str, Any]
    unchanged: dict[str, str]
    target: dict[str, Any]
    signals: dict[str, Any]
    components: dict[str, dict[str, Any]]
    alternatives: dict[str, list[str]]
    rollback_scope: str
    description: str = ""
    owner: str = ""
    status: str = CURRENT
    status_reason: str = ""
    warnings: tuple[str, ...] = field(default=())

    @property
    def dag_id(self) -> str:
        """``rollout.<name>.<environment>``."""
        return f"rollout.{self.rollout}.{self.environment}"

    @property
    def digest(self) -> str:
        """SHA-256 over the plan and everything else that decides what a run does."""
        decisive = {
            "plan": self.plan.digest,
            "contracts": self.contracts,
            "unchanged": self.unchanged,
            "target": self.target,
            "signals": self.signals,
            "components": {
                name: {key: value for key, value in settings.items() if key != "provenance"}
                for name, settings in self.components.items()
            },
            "alternatives": self.alternatives,
            "rollback_scope": self.rollback_scope,
        }
        text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> str:
        """The file's content: stable for equal input, so that equal content has equal hashes."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__ if key != "plan"}
        document = {
            "format": FORMAT,
            "dag_id": self.dag_id,
            "digest": self.digest,
            "plan": self.plan.to_dict(),
            **values,
            "warnings": list(self.warnings),
        }
        return json.dumps(document, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Published:
        """Read a file's content. Raises PublishedFormatError."""
        try:
            document: Mapping[str, Any] = json.loads(text)
            if document["format"] != FORMAT:
                raise PublishedFormatError(
                    f"published in format {document['format']}, this Convoy reads format {FORMAT}: publish again"
                )
            values = {key: document[key] for key in cls.__dataclass_fields__}
            values["plan"] = Plan.from_dict(document["plan"])
            values["warnings"] = tuple(document["warnings"])
            return cls(**values)
        except PublishedFormatError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise PublishedFormatError(f"not a published rollout: {error!r}") from error


def read(path: Path) -> Published:
    """The published rollout in a file. Raises PublishedFormatError, OSError."""
    return Published.from_json(path.read_text(encoding="utf-8"))
