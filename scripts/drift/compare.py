"""Two bodies of one object, compared by what they mean. Pure: no workspace, no Terraform."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
Body = dict[str, Any]


@dataclass(frozen=True)
class Default:
    """What the service fills in where nothing is sent: as good as absent, on both sides."""

    value: Json
    reason: str


@dataclass(frozen=True)
class Rules:
    """How bodies of one type compare. Keys are patterns: field names joined by `.`, `[]` for any item of a list.

    `computed` is what the service alone writes, with the reason; `keys` names the field that tells items of a list
    apart, whose order then means nothing; `sets` are lists of plain values without order.
    """

    computed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Default] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    sets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Difference:
    """One place where two bodies differ; None is absent. `pattern` is the path without the names of items."""

    path: str
    pattern: str
    declared: Json
    actual: Json


@dataclass(frozen=True)
class _Keyed:
    """Items of a list by what tells them apart."""

    items: dict[str, Json]


def compare(declared: Body, actual: Body, rules: Rules) -> list[Difference]:
    """Return every place where the actual body says something else than the declared one, in order of path.

    A block that only one side has is one difference, not one per field in it.
    """
    # Even a body of which nothing is left is a body: its fields differ one by one.
    found = _differences("", "", _reduced(declared, "", rules) or {}, _reduced(actual, "", rules) or {}, rules)
    return sorted(found, key=lambda difference: difference.path)


def _reduced(value: Json, pattern: str, rules: Rules) -> Json:
    """Return what a value means: without computed fields, defaults and emptiness; None when nothing is left."""
    if pattern in rules.computed or value in ("", None):
        return None
    default = rules.defaults.get(pattern)
    if default is not None and _same(value, default.value):
        return None
    if isinstance(value, dict):
        reduced = {name: _reduced(each, _join(pattern, name), rules) for name, each in value.items()}
        return {name: each for name, each in reduced.items() if each is not None} or None
    if isinstance(value, list):
        return _reduced_list(value, pattern, rules)
    return value


def _reduced_list(value: list[Json], pattern: str, rules: Rules) -> Json:
    items = [each for item in value if (each := _reduced(item, f"{pattern}[]", rules)) is not None]
    if not items:
        return None
    key = rules.keys.get(pattern)
    if key is not None:
        return _Keyed(_by_key(items, key))
    return sorted(items, key=_text) if pattern in rules.sets else items


def _by_key(items: list[Json], key: str) -> dict[str, Json]:
    """Name items by a field that may be nested; a second one of the same name must not hide behind the first."""
    named: dict[str, Json] = {}
    for item in items:
        name = _plain(item)
        for part in key.split("."):
            name = name.get(part) if isinstance(name, dict) else None
        label = _text(item) if name is None else str(name)
        while label in named:
            label += " again"
        named[label] = item
    return named


def _differences(path: str, pattern: str, declared: Json, actual: Json, rules: Rules) -> Iterator[Difference]:
    if isinstance(declared, dict) and isinstance(actual, dict):
        for name in declared.keys() | actual.keys():
            there = _join(path, name), _join(pattern, name)
            yield from _differences(*there, declared.get(name), actual.get(name), rules)
    elif isinstance(declared, _Keyed) and isinstance(actual, _Keyed):
        for name in declared.items.keys() | actual.items.keys():
            there = f"{path}[{name}]", f"{pattern}[]"
            yield from _differences(*there, declared.items.get(name), actual.items.get(name), rules)
    elif not _same(declared, actual):
        default = rules.defaults.get(pattern)
        absent = default.value if default else None
        shown = [absent if side is None else _plain(side) for side in (declared, actual)]
        yield Difference(path, pattern, *shown)


def _same(left: Json, right: Json) -> bool:
    """Equality of JSON: true is not 1, but 1.0 is 1."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    return bool(left == right)


def _plain(value: Json) -> Json:
    if isinstance(value, _Keyed):
        return [_plain(item) for item in value.items.values()]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _text(value: Json) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
