"""What a model allows at a place: walks the type annotations of the manifest models.

Pydantic reports errors at paths that mix keys of the file with tags of its own. Following the annotations tells the two
apart, and knows the keys and words that would have been right.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag


@dataclass(frozen=True)
class ModelShape:
    """A mapping with the fields of a model."""

    model: type[BaseModel]


@dataclass(frozen=True)
class UnionShape:
    """A mapping with the fields of one of several models, chosen by a word."""

    members: Mapping[str, type[BaseModel]]


@dataclass(frozen=True)
class ListShape:
    """A list."""

    item: Shape


@dataclass(frozen=True)
class DictShape:
    """A mapping with free keys."""

    key: Any
    value: Shape


@dataclass(frozen=True)
class ScalarShape:
    """A single value. ``annotation`` is its type; ``words`` are the only values, where there are few."""

    annotation: Any
    words: tuple[str, ...] = ()


Shape = ModelShape | UnionShape | ListShape | DictShape | ScalarShape


def shape_of(annotation: Any) -> Shape:
    """The shape of a type annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return shape_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        tagged = {tag: get_args(member)[0] for member in members if (tag := _tag(member)) is not None}
        if tagged:
            return UnionShape(tagged)
        return shape_of(members[0]) if len(members) == 1 else ScalarShape(annotation)
    if origin is list:
        return ListShape(shape_of(get_args(annotation)[0]))
    if origin is dict:
        key, value = get_args(annotation)
        return DictShape(key, shape_of(value))
    if origin is Literal:
        return ScalarShape(annotation, tuple(str(word) for word in get_args(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return ModelShape(annotation)
    return ScalarShape(annotation)


def _tag(annotation: Any) -> str | None:
    if get_origin(annotation) is not Annotated:
        return None
    return next((extra.tag for extra in get_args(annotation)[1:] if isinstance(extra, Tag)), None)


def keys_of(model: type[BaseModel]) -> dict[str, str]:
    """The keys that a model has in a manifest, each with the name of its field."""
    return {field.alias or name: name for name, field in model.model_fields.items()}


def description_of(model: type[BaseModel], key: str) -> str:
    """The description of a key."""
    return model.model_fields[keys_of(model)[key]].description or ""


@dataclass(frozen=True)
class Place:
    """A place in a document: the ``path`` of keys and indexes that leads there, and what is allowed there.

    ``owner`` is the model whose key the path ends with; ``union`` is the union that it was chosen from, if any;
    ``in_key``: the error is in the key and not in the value."""

    path: tuple[str | int, ...]
    shape: Shape | None
    owner: type[BaseModel] | None = None
    union: UnionShape | None = None
    in_key: bool = False


def walk(model: type[BaseModel], location: Sequence[str | int]) -> Place:
    """The place that an error location of pydantic means."""
    place = Place((), ModelShape(model))
    above: Shape | None = None
    for part in location:
        shape = place.shape
        if part == "[key]" and isinstance(above, DictShape):
            return Place(place.path, ScalarShape(above.key), in_key=True)
        above = shape
        if isinstance(shape, UnionShape):
            if part not in shape.members:
                break
            place = Place(place.path, ModelShape(shape.members[str(part)]), union=shape)
        elif isinstance(shape, ModelShape):
            field = keys_of(shape.model).get(str(part))
            inner = None if field is None else shape_of(shape.model.model_fields[field].annotation)
            place = Place((*place.path, part), inner, owner=shape.model, union=place.union)
        elif isinstance(shape, ListShape) and isinstance(part, int):
            place = Place((*place.path, part), shape.item)
        elif isinstance(shape, DictShape):
            place = Place((*place.path, part), shape.value)
        else:
            break
    return place
