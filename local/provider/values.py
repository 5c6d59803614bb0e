"""Terraform values as plain Python, both ways through msgpack, always shaped exactly like their schema."""

from __future__ import annotations

import json
from typing import Any

import msgpack

from local.provider.schema import Attribute, Block, Type

Values = dict[str, Any]


class Unknown:
    """A value that is decided during apply; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: dict[int, Any]) -> Unknown:
        return self


UNKNOWN = Unknown()
_UNKNOWN_EXTENSION = msgpack.ExtType(0, b"\0")


def loads(data: bytes) -> Any:
    """Decode one DynamicValue; every extension code is an unknown, refined or not."""
    return msgpack.unpackb(data, ext_hook=lambda code, payload: UNKNOWN, strict_map_key=False)


def dumps(value: Any) -> bytes:
    """Encode one value that is already conformed."""
    data: bytes = msgpack.packb(value, default=_pack_unknown)
    return data


def _pack_unknown(value: object) -> msgpack.ExtType:
    if value is UNKNOWN:
        return _UNKNOWN_EXTENSION
    raise TypeError(f"{type(value).__name__} is no Terraform value")


def conform(schema: Block, value: Any) -> Values:
    """Return the value with exactly the schema's keys: absent attributes null, absent blocks empty, scalars typed."""
    source = value if isinstance(value, dict) else {}
    result: Values = {name: shape(attribute.type, source.get(name)) for name, attribute in schema.attributes.items()}
    for name, nested in schema.blocks.items():
        inner = source.get(name)
        if inner is UNKNOWN:
            result[name] = UNKNOWN
        elif nested.nesting == "single":
            result[name] = None if inner is None else conform(nested.block, inner)
        else:
            items = inner if isinstance(inner, list) else [] if inner is None else [inner]
            result[name] = [item if item is UNKNOWN else conform(nested.block, item) for item in items]
    return result


def shape(kind: Type, value: Any) -> Any:
    """Return a value as its cty type wants it, converting between numbers and strings as Terraform does."""
    if value is None or value is UNKNOWN:
        return value
    if kind == "string":
        return _text(value)
    if kind == "bool":
        return value == "true" if isinstance(value, str) else bool(value)
    if kind == "number":
        return _number(value)
    outer, inner = kind
    if outer == "object":
        return {name: shape(part, value.get(name)) for name, part in inner.items()}
    if outer == "map":
        return {key: shape(inner, item) for key, item in value.items()}
    return [shape(inner, item) for item in value]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        value = float(value) if not value.lstrip("-").isdigit() else int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_zero(value: Any) -> bool:
    """Tell whether a value says nothing: null, empty, 0, false, or an object of only such values."""
    if isinstance(value, dict):
        return all(is_zero(item) for item in value.values())
    return value is None or (value is not UNKNOWN and not value)


def same(schema_part: Attribute, left: Any, right: Any) -> bool:
    """Compare two values of one attribute, sets without order."""
    if schema_part.nesting == "set" and isinstance(left, list) and isinstance(right, list):
        return sorted(map(repr, left)) == sorted(map(repr, right))
    return bool(left == right)


def without_unknowns(value: Any) -> Any:
    """Replace every unknown by null, at any depth."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {key: without_unknowns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_unknowns(item) for item in value]
    return value


def fill(planned: Any, found: Any) -> Any:
    """Return what was planned, its unknowns taken from what was found; so a result never contradicts its plan."""
    if planned is UNKNOWN:
        return found
    if isinstance(planned, dict) and isinstance(found, dict):
        return {key: fill(item, found.get(key)) for key, item in planned.items()}
    if isinstance(planned, list) and isinstance(found, list) and len(planned) == len(found):
        return [fill(left, right) for left, right in zip(planned, found, strict=True)]
    return without_unknowns(planned)
