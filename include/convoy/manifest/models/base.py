"""What every manifest model shares: strictness, camelCase keys, and the scalar types of the manifests."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
INTERFACE_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$"
DURATION_PATTERN = r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$"
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
_UNITS = (86400.0, 3600.0, 60.0, 1.0, 0.001)


class Model(BaseModel):
    """A strict, immutable part of a manifest: unknown keys are errors, and no value is coerced from another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True)


def parse_duration(value: Any) -> float:
    """Seconds in a duration such as ``30s``, ``5m``, ``1h30m``, ``250ms``. Raises ValueError for anything else."""
    if isinstance(value, float) and type(value) is float:
        return value
    if isinstance(value, str):
        match = _DURATION.fullmatch(value)
        if value and match:
            return sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS, strict=True) if part)
    raise ValueError(f"not a duration: {value!r}; write it like 30s, 5m, 1h30m or 250ms")


def format_duration(seconds: float) -> str:
    """The shortest manifest spelling of a number of seconds: 5400.0 is ``1h30m``, 0.25 is ``250ms``."""
    if seconds == 0:
        return "0s"
    whole, rest = divmod(round(seconds * 1000), 1000)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    if rest:
        parts.append(f"{rest}ms")
    return "".join(parts)


def _parse_text(value: Any) -> str:
    """The text of a scalar as the file spells it: a version written ``1.10`` must not become the number 1.1."""
    raw = getattr(value, "raw", value)
    if isinstance(raw, str) and raw.strip():
        return raw.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError("must be a version such as 1.4.2")


def _parse_amount(value: Any) -> str:
    """A number of replicas or a share of them, kept as written: ``1`` or ``25%``."""
    text = str(getattr(value, "raw", value))
    if isinstance(value, bool) or not re.fullmatch(r"\d+%?", text):
        raise ValueError(f"must be a whole number of replicas or a percentage such as 25%, not {text!r}")
    if text.endswith("%") and int(text[:-1]) > 100:
        raise ValueError(f"a percentage is at most 100%, not {text}")
    return text


def _parse_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"must be a number, not {value!r}")
    return float(value)


def _parse_coexistence(value: Any) -> bool | str:
    return value if isinstance(value, bool) else _parse_text(value)


Name = Annotated[
    str, Field(pattern=NAME_PATTERN, description="Lower-case letters, digits and dashes, at most 63 characters.")
]
InterfaceName = Annotated[
    str, Field(pattern=INTERFACE_PATTERN, description="The name of an interface, for example payment-api.")
]
Version = Annotated[
    str,
    BeforeValidator(_parse_text),
    WithJsonSchema({"type": ["string", "number"], "description": "A version, as the version scheme spells it."}),
]
VersionRange = Annotated[
    str,
    BeforeValidator(_parse_text),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "description": "A range of versions: ^1.2, ~1.2.3, >=2 <4, 1 || 2, 1.0 - 2.0, *.",
        }
    ),
]
Coexistence = Annotated[
    bool | str,
    BeforeValidator(_parse_coexistence),
    WithJsonSchema({"type": ["boolean", "string", "number"], "description": "true, false, or a range of versions."}),
]
Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda seconds: format_duration(seconds), return_type=str, when_used="unless-none"),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30s", "5m", "1h30m"]}),
]
Amount = Annotated[
    str,
    BeforeValidator(_parse_amount),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+%$"}]}),
]
Number = Annotated[float, BeforeValidator(_parse_number), WithJsonSchema({"type": "number"})]
SchemeName = Literal["semver", "pep440", "calver", "integer"]
ApiVersion = Literal["convoy/v1"]
