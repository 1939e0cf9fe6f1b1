"""The JSON Schema of the manifests, generated from the models, for editors and other programs.

The schema knows less than ``convoy lint``: it says which keys and values there are, not whether names exist, versions
parse or numbers fit together.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from convoy.manifest.documents import MODELS
from convoy.manifest.models.base import DURATION_PATTERN, format_duration

SCHEMA_FILE = "convoy.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SHORTHANDS: dict[str, dict[str, Any]] = {
    "Dependency": {"type": "string", "description": "The name of the component."},
    "Requirement": {"type": ["string", "number"], "description": "The range."},
    "Incompatibility": {"type": ["string", "number"], "description": "The range."},
    "VersionScheme": {"type": "string", "description": "The name of a scheme."},
}


def json_schema() -> dict[str, Any]:
    """One schema for a document of any kind."""
    _, generated = models_json_schema([(model, "validation") for model in MODELS.values()], by_alias=True)
    definitions: dict[str, Any] = generated["$defs"]
    for name, shorthand in _SHORTHANDS.items():
        full = definitions[name]
        definitions[name] = {"anyOf": [shorthand, full], "description": full.get("description", "")}
    return {
        "$schema": DIALECT,
        "title": "Convoy manifest",
        "description": "One document of a Convoy manifest; its kind says which.",
        "type": "object",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in sorted(MODELS)],
        "$defs": {name: _tidy(definitions[name]) for name in sorted(definitions)},
    }


def schema_text() -> str:
    """The schema as the content of a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(schema: Any) -> Any:
    """Without the titles that pydantic makes up from names, and with durations as manifests spell them."""
    if isinstance(schema, dict):
        if schema.get("pattern") == DURATION_PATTERN and isinstance(schema.get("default"), float):
            schema = {**schema, "default": format_duration(schema["default"])}
        return {
            key: {name: _tidy(item) for name, item in value.items()} if key == "properties" else _tidy(value)
            for key, value in schema.items()
            if key != "title"
        }
    return [_tidy(item) for item in schema] if isinstance(schema, list) else schema
