"""Pydantic's errors in plain words, at the place in the file that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from convoy.manifest.diagnostics import Diagnostic, did_you_mean, one_of
from convoy.manifest.model_hints import KUBERNETES_HABITS, PATTERNS, SHORTHANDS, TRUTH, hint_for
from convoy.manifest.model_shape import ModelShape, Place, ScalarShape, description_of, keys_of, walk
from convoy.manifest.yaml_nodes import MappingNode, Position, SequenceNode, find

_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_NUMBERS = ("int_type", "int_parsing", "int_from_float", "float_type", "float_parsing")


def explain_all(error: ValidationError, model: type[BaseModel], root: MappingNode, file: str) -> list[Diagnostic]:
    """Every error of one document, each place once."""
    details = [(detail, walk(model, detail["loc"])) for detail in error.errors(include_url=False)]
    # Where the word that chooses a model is wrong, pydantic goes on with some model: what it says then means nothing.
    wrong_choices = [place.path[:-1] for detail, place in details if _chooses(place)]
    found: dict[tuple[Position, str], Diagnostic] = {}
    for detail, place in details:
        if not _chooses(place) and any(place.path[: len(path)] == path for path in wrong_choices):
            continue
        position, code, message, hint = _explain(detail, place, root)
        diagnostic = Diagnostic(file, position.line, position.column, "error", code, message, hint)
        found.setdefault((position, message if code == "missing-key" else code), diagnostic)
    return list(found.values())


def _chooses(place: Place) -> bool:
    """Whether the error is in the word that chooses one model of a union."""
    return place.union is not None and place.owner is not None and place.path[-1] in ("kind", "type")


def _explain(detail: Any, place: Place, root: MappingNode) -> tuple[Position, str, str, str]:
    found = find(root, place.path)
    position, kind = found.node.position, detail["type"]
    name = dotted(place.path)
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "missing":
        return (position, "missing-key", *_missing(place))
    if kind == "extra_forbidden":
        return (found.key, "unknown-key", *_unknown(place))
    if place.in_key:
        position, name = found.key, f"the key {place.path[-1]}"
    if kind == "value_error":
        text = str(context["error"])
        message, _, hint = text.partition("; ")
        hint = hint or hint_for(message)
        if isinstance(place.shape, ModelShape):
            position = _pinpoint(text, place, root)
            message = f"{name}: {message}" if place.path else message
        else:
            message = f"{name}: {message}"
        return position, "wrong-value", message, hint
    # As it is written, where it is written: pydantic may have turned it into something else before it refused it.
    exact = found.depth == len(place.path) and not place.in_key
    message, hint = _wrong(kind, context, place, found.node.data() if exact else detail["input"])
    code = "wrong-type" if kind.endswith("_type") else "wrong-value"
    return position, code, f"{name} {message}", hint or _described(place)


def _missing(place: Place) -> tuple[str, str]:
    key, parent = str(place.path[-1]), dotted(place.path[:-1])
    message = f"{key} is missing from {parent}" if parent else f"{key} is missing"
    if place.union is not None and key in ("kind", "type"):
        return message, f"add {key}: {one_of(list(place.union.members))}"
    description = description_of(place.owner, key) if place.owner else ""
    return message, f"add {key}: {description[:1].lower()}{description[1:]}".rstrip(".")


def _described(place: Place) -> str:
    """What a key is for, where there is nothing better to say."""
    key = str(place.path[-1]) if place.path else ""
    if place.owner is None or key not in keys_of(place.owner):
        return ""
    sentence = re.split(r"(?<=\.) ", description_of(place.owner, key))[0]
    return f"{key}: {sentence}"


def _unknown(place: Place) -> tuple[str, str]:
    key, parent = str(place.path[-1]), dotted(place.path[:-1])
    known = sorted(keys_of(place.owner)) if place.owner else []
    hint = did_you_mean(key, known, otherwise=f"there are {', '.join(known)}")
    if not parent:
        hint = KUBERNETES_HABITS.get(key, hint)
    return f"unknown key {key} in {parent}" if parent else f"unknown key {key}", hint


def _wrong(kind: str, context: Mapping[str, Any], place: Place, value: Any) -> tuple[str, str]:
    """Message (without the name of the key) and hint for a value of the wrong type, or out of bounds."""
    given = shown(value)
    if isinstance(place.shape, ScalarShape) and not place.shape.words and "|" in str(place.shape.annotation):
        return f"must be text, a number, true or false, not {given}", ""
    if kind == "literal_error":
        words = (
            list(place.union.members)
            if place.union and _chooses(place)
            else re.findall("'([^']*)'", context["expected"])
        )
        return f"must be {one_of(words)}, not {given}", did_you_mean(str(value), words)
    if kind == "string_type":
        raw = getattr(value, "raw", None) or (str(value).lower() if isinstance(value, bool) else None)
        how = PATTERNS.get(_pattern(place), ("", ""))[1]
        return f"must be text, not {given}", how or (f'put it in quotes: "{raw}"' if raw else "")
    if kind in _NUMBERS:
        quoted = isinstance(value, str) and value.strip().lstrip("-").replace(".", "", 1).isdigit()
        what = "a whole number" if kind.startswith("int") else "a number"
        return f"must be {what}, not {given}", "remove the quotes" if quoted else ""
    if kind == "bool_type":
        return f"must be true or false, not {given}", TRUTH.get(str(value).lower(), "")
    if kind == "list_type":
        return f"must be a list, not {given}", "write it as [a, b], or with `- ` before each item"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        name = place.shape.model.__name__ if isinstance(place.shape, ModelShape) else ""
        return f"must be {SHORTHANDS.get(name, 'a mapping of keys to values')}, not {given}", "write {key: value}"
    if kind == "string_pattern_mismatch":
        what, how = PATTERNS.get(context["pattern"], (f"text like {context['pattern']}", ""))
        return f"must be {what}, not {given}", how
    if kind in _BOUNDS:
        key, words_ = _BOUNDS[kind]
        return f"must be {words_} {context[key]:g}, not {given}", ""
    if kind in ("too_short", "too_long"):
        least = "at least" if kind == "too_short" else "at most"
        number = context["min_length"] if kind == "too_short" else context["max_length"]
        unit = "entry" if number == 1 else "entries"
        return f"must have {least} {number} {unit}, and has {context['actual_length']}", ""
    if kind == "string_too_short":
        return "must not be empty", ""
    return f"is not valid: {context.get('error', kind)}", ""


def _pattern(place: Place) -> str:
    """The pattern that the text at a place has to match, if any."""
    if place.owner is None:
        return ""
    metadata = place.owner.model_fields[keys_of(place.owner)[str(place.path[-1])]].metadata
    return next((str(extra.pattern) for extra in metadata if getattr(extra, "pattern", None)), "")


def _pinpoint(message: str, place: Place, root: MappingNode) -> Position:
    """The most telling place inside of a mapping that is wrong as a whole: a key that the message names."""
    found = find(root, place.path)
    if found.depth < len(place.path) or not isinstance(found.node, MappingNode):
        return found.node.position
    if "depends on itself" in message:
        return _own_entry(found.node)
    for word in re.findall(r"[A-Za-z]+", message):
        if word in found.node.entries:
            return found.node.entries[word].key_position
    return found.node.position


def _own_entry(component: MappingNode) -> Position:
    """Where a component depends on itself."""
    name, depends_on = component.entries["name"].node.data(), component.entries["dependsOn"].node
    items = depends_on.items if isinstance(depends_on, SequenceNode) else ()
    own = [item for item in items if item.data() == name or (find(item, ("name",)).node.data() == name)]
    return (own[0] if own else depends_on).position


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: ``gates.metrics[0].interval``, ``versions['1.10'].notes``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "." in part:
            text += f"[{part!r}]"
        else:
            text += f".{part}" if text else part
    return text


def shown(value: Any) -> str:
    """A value of a manifest in a sentence."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {getattr(value, 'raw', value)}"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    return "a list" if isinstance(value, list) else "a mapping"
