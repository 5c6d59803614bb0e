"""Two sides of a resource, compared field by field; list entries are matched by what names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.review.plan import NOISE, UNKNOWN

# What names an entry of a list, in order of preference; Terraform itself compares lists by place.
_NAMES = (
    "task_key",
    "job_cluster_key",
    "environment_key",
    "group_name",
    "user_name",
    "service_principal_name",
    "user_email",
    "destination_id",
    "principal",
    "metric",
    "key",
    "name",
)
_LONGEST = 160  # characters of a value in one line


@dataclass(frozen=True)
class Difference:
    """One field that differs; an entry that only one side has is None on the other."""

    path: str
    before: Any
    after: Any

    @property
    def words(self) -> str:
        """The field as `path: before → after`."""
        return f"{self.path}: {value_words(self.before)} → {value_words(self.after)}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Yield what differs, in order of path; nothing, an empty list and an empty text are the same."""
    if before == after or (_empty(before) and _empty(after)):
        return
    if _mapping(before) and _mapping(after):
        for name in sorted({*before, *after} - NOISE):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
        return
    if _entries(before) and _entries(after) and (before or after):
        yield from _lists(before or [], after or [], path)
        return
    yield Difference(path, before, after)


def value_words(value: Any) -> str:
    """Return a value as a reader takes it in at once; long ones are cut."""
    if _empty(value):
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        text = ", ".join(value_words(each) for each in value)
    elif isinstance(value, Mapping):
        text = ", ".join(f"{name} {value_words(each)}" for name, each in value.items() if not _empty(each))
    else:
        text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def first(value: Any) -> Mapping[str, Any]:
    """Return the block in a list of at most one, the way the provider writes single blocks; {} when there is none."""
    if isinstance(value, list):
        value = value[0] if value else {}
    return value if isinstance(value, Mapping) else {}


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | Mapping) and not value)


def _mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _entries(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, Mapping) for each in value))


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    if len(before) <= 1 and len(after) <= 1 and not _named(before + after):
        if before and after:
            yield from differences(before[0], after[0], path)
        else:
            yield Difference(path, before[0] if before else None, after[0] if after else None)
        return
    name = _named(before + after)
    old = {(each[name] if name else place): each for place, each in enumerate(before)}
    new = {(each[name] if name else place): each for place, each in enumerate(after)}
    for key in dict.fromkeys([*old, *new]):
        where = f"{path}[{key}]"
        if key in old and key in new:
            yield from differences(old[key], new[key], where)
        else:
            yield Difference(where, old.get(key), new.get(key))


def _named(entries: list[Mapping[str, Any]]) -> str:
    """Return the attribute that names every entry and is known on all of them."""
    for name in _NAMES:
        keys = [each.get(name) for each in entries]
        if all(isinstance(key, str) and key and key != UNKNOWN for key in keys):
            return name
    return ""
