"""A Terraform plan as rules read it: planned values in which what is not known yet is said, never missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final


class _Unknown:
    """What our code sets from something that only exists after the apply."""

    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, eq=False)
class Resource:
    """One planned resource: its values, what it refers to by attribute, and what the plan does to it."""

    address: str
    kind: str
    values: dict[str, Any]
    expressions: dict[str, Any]
    actions: tuple[str, ...]
    plan: Plan

    def get(self, name: str) -> Any:
        """Return a value; None where nobody set it, UNKNOWN where it is set from something not known yet."""
        return self.values.get(name)

    def blocks(self, name: str) -> list[dict[str, Any]]:
        """Return the blocks of a name; one whose content is not known yet is left out."""
        return blocks(self.values, name)

    def refers(self, name: str) -> set[str]:
        """Return the addresses that an attribute or block of this name refers to."""
        return set(_references(self.expressions.get(name)))


@dataclass(frozen=True, eq=False)
class Plan:
    """All planned resources of one plan file, by address."""

    resources: dict[str, Resource]

    def of(self, kind: str) -> list[Resource]:
        """Return the resources of one type."""
        return [each for each in self.resources.values() if each.kind == kind]

    @property
    def production(self) -> bool:
        """Whether any job or cluster of the plan is tagged `environment = prod`."""
        tagged = (each.get("tags") if each.kind == "databricks_job" else each.get("custom_tags") for each in self)
        return any(isinstance(tags, dict) and tags.get("environment") == "prod" for tags in tagged)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())


def blocks(values: Any, name: str) -> list[dict[str, Any]]:
    """Return nested blocks as a list, whether the plan holds a list of them or a single one."""
    found = values.get(name) if isinstance(values, dict) else None
    if isinstance(found, dict):
        return [found]
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def read(file: Path) -> Plan:
    """Return the plan of a file that `terraform show -json` wrote."""
    shown = json.loads(file.read_text())
    changes = {each["address"]: each.get("change", {}) for each in shown.get("resource_changes", [])}
    configured = _configured(shown.get("configuration", {}).get("root_module", {}), "")
    plan = Plan({})
    for planned in _planned(shown["planned_values"].get("root_module", {})):
        address = planned["address"]
        expressions = configured.get(_without_index(address))
        change = changes.get(address, {})
        plan.resources[address] = Resource(
            address=address,
            kind=planned["type"],
            values=_values(planned.get("values", {}), change.get("after_unknown", {}), expressions),
            expressions=expressions or {},
            actions=tuple(change.get("actions", ())),
            plan=plan,
        )
    return plan


def _values(values: dict[str, Any], unknown: Any, expressions: dict[str, Any] | None) -> dict[str, Any]:
    """Mark what is not known yet; an attribute that nobody wrote is the service's to fill in and counts as not set."""
    if isinstance(unknown, dict) and expressions is not None:
        unknown = {name: value for name, value in unknown.items() if value is not True or name in expressions}
    marked: dict[str, Any] = _marked(values, unknown)
    return marked


def _marked(value: Any, unknown: Any) -> Any:
    if unknown is True:
        return UNKNOWN
    if isinstance(value, dict) and isinstance(unknown, dict):
        return {name: _marked(value.get(name), unknown.get(name)) for name in {**value, **unknown}}
    if isinstance(value, list) and isinstance(unknown, list):
        return [_marked(each, not_known) for each, not_known in zip_longest(value, unknown)]
    return value


def _planned(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (each for each in module.get("resources", []) if each.get("mode") == "managed")
    for child in module.get("child_modules", []):
        yield from _planned(child)


def _configured(module: dict[str, Any], prefix: str) -> dict[str, dict[str, Any]]:
    found = {f"{prefix}{each['address']}": each.get("expressions", {}) for each in module.get("resources", [])}
    for name, call in module.get("module_calls", {}).items():
        found |= _configured(call.get("module", {}), f"{prefix}module.{name}.")
    return found


def _without_index(address: str) -> str:
    """Return the address as the configuration has it: without the keys of count and for_each."""
    kept, depth = [], 0
    for letter in address:
        depth += letter == "["
        if not depth:
            kept.append(letter)
        depth -= letter == "]"
    return "".join(kept)


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, list):
        for each in expression:
            yield from _references(each)
    elif isinstance(expression, dict):
        for name, each in expression.items():
            if name == "references":
                yield from each
            else:
                yield from _references(each)
