"""Plan, apply, read and import of any resource type."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from local.provider.client import ApiError
from local.provider.journal import Journal
from local.provider.resource import Api, Created, Resource, Rules
from local.provider.schema import Attribute, Block
from local.provider.translate import from_api
from local.provider.values import UNKNOWN, Values, conform, fill, is_zero, same, without_unknowns


class ProviderError(Exception):
    """Something to tell the user: one summary line, and detail where it helps."""

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail


@dataclass(frozen=True)
class Planned:
    """The planned state and the names of attributes whose change means a new object."""

    state: Values | None
    replace: list[str]


@dataclass(frozen=True)
class Applied:
    """The state after an apply, and what went wrong on the way, if anything."""

    state: Values | None
    error: Exception | None = None


def plan(resource: Resource, prior: Values | None, proposed: Values | None, config: Values) -> Planned:
    """Decide what an apply would lead to."""
    if proposed is None:
        return Planned(None, [])
    planned = deepcopy(proposed)
    _set_defaults(resource.schema, planned, config, resource.rules)
    resource.plan(prior, planned, config)
    if prior is None:
        _set_unknowns(resource.schema, planned, config)
        return Planned(planned, [])
    changed = _changed(resource.schema, prior, planned)
    replace = sorted(changed & (resource.rules.immutable if resource.update else _settable(resource.schema)))
    if replace:
        _set_unknowns(resource.schema, planned, config, reset=True)
        _set_defaults(resource.schema, planned, config, resource.rules)
        resource.plan(None, planned, config)
    elif changed and resource.raw:
        _set_unknowns(resource.schema, planned, config, reset=True)
        planned["id"] = prior["id"]
    elif changed:
        planned.update(dict.fromkeys(resource.rules.volatile, UNKNOWN))
    return Planned(planned, replace)


def _settable(schema: Block) -> set[str]:
    written = {name for name, attribute in schema.attributes.items() if attribute.optional or attribute.required}
    return written | schema.blocks.keys()


def _changed(schema: Block, prior: Values, planned: Values) -> set[str]:
    changed = set()
    for name in schema.attributes.keys() | schema.blocks.keys():
        attribute = schema.attributes.get(name) or Attribute("string")
        if not same(attribute, prior.get(name), planned.get(name)):
            changed.add(name)
    return changed


def _each(schema: Block, planned: Values, config: Values) -> list[tuple[str, Block, Values, Values]]:
    """Pair the nested objects of a plan with their configuration."""
    pairs: list[tuple[str, Block, Values, Values]] = []
    for name, nested in schema.blocks.items():
        ours, theirs = planned.get(name), config.get(name)
        if nested.nesting == "list" and isinstance(ours, list) and isinstance(theirs, list):
            both = zip(ours, theirs, strict=False)
            pairs += [(name, nested.block, left, right) for left, right in both if isinstance(left, dict)]
    for name, attribute in schema.attributes.items():
        ours, theirs = planned.get(name), config.get(name)
        if attribute.nested is not None and isinstance(ours, dict) and isinstance(theirs, dict):
            pairs.append((name, attribute.nested, ours, theirs))
    return pairs


def _set_defaults(schema: Block, planned: Values, config: Values, rules: Rules, path: str = "") -> None:
    for name in schema.attributes:
        default = rules.look(rules.defaults, f"{path}{name}")
        if default is not None and config.get(name) is None:
            planned[name] = default
    for name, inner, ours, theirs in _each(schema, planned, config):
        _set_defaults(inner, ours, theirs, rules, f"{path}{name}.")


def _set_unknowns(schema: Block, planned: Values, config: Values, *, reset: bool = False) -> None:
    """Make every computed attribute unknown that neither the configuration nor a default has set."""
    for name, attribute in schema.attributes.items():
        if attribute.computed and config.get(name) is None and (reset or planned.get(name) is None):
            planned[name] = UNKNOWN
    for _, inner, ours, theirs in _each(schema, planned, config):
        _set_unknowns(inner, ours, theirs, reset=reset)


def apply(
    resource: Resource, type_name: str, api: Api, journal: Journal, prior: Values | None, planned: Values | None
) -> Applied:
    """Create, update or delete; whatever fails, the state that is returned is what is true on the server."""
    if planned is None:
        if prior is None:
            return Applied(None)
        return _guard(prior, lambda: _delete(resource, api, prior))
    if prior is None:
        return _create(resource, type_name, api, journal, planned)
    return _guard(prior, lambda: _update(resource, api, prior, planned))


def _guard(prior: Values, change: Callable[[], Values | None]) -> Applied:
    try:
        return Applied(change())
    except Exception as error:  # noqa: BLE001 - whatever it was, Terraform must get the prior state and a diagnostic
        return Applied(prior, error)


def _delete(resource: Resource, api: Api, prior: Values) -> None:
    resource.delete(api, prior)


def _create(resource: Resource, type_name: str, api: Api, journal: Journal, planned: Values) -> Applied:
    ticket = journal.begin(type_name, resource.journal.name(planned)) if resource.journal else None
    try:
        made = _adopt(resource, type_name, api, journal, planned) or resource.create(api, planned)
        if ticket:
            journal.record(ticket, type_name, made.id)
    except Exception as error:  # noqa: BLE001 - nothing was made, or nobody can know: Terraform keeps no state
        if ticket and isinstance(error, ApiError) and error.refused:
            journal.forget(ticket)
        return Applied(None, error)
    with_id = {**planned, "id": made.id}
    try:
        resource.settle(api, made.id, planned)
        found = made.found if made.found is not None else resource.read(api, without_unknowns(with_id))
        if found is None:
            raise ProviderError(f"{type_name} {made.id} was created, but the workspace does not show it")
    except Exception as error:  # noqa: BLE001 - the object exists: its id must reach the state or it is orphaned
        return Applied(conform(resource.schema, without_unknowns(with_id)), error)
    return Applied(_state_after(resource, planned, {**found, "id": made.id}))


def _adopt(resource: Resource, type_name: str, api: Api, journal: Journal, planned: Values) -> Created | None:
    """Take over what a killed run created without Terraform having heard of it."""
    if resource.journal is None:
        return None
    orphans = journal.orphans(type_name, resource.journal.name(planned))
    # An id alone proves nothing: a workspace that was made anew under its old address counts from the start again.
    alike = resource.journal.find(api, planned) if orphans else []
    for orphan in orphans:
        for identity in [each for each in alike if orphan.id in ("", each)]:
            prior = None
            if not journal.is_claimed(type_name, identity):
                prior = read(resource, api, conform(resource.schema, {"id": identity}))
            if prior is None or _is_other(resource, prior, planned) or not journal.claim(orphan, type_name, identity):
                continue
            if resource.update is not None:
                resource.update(api, prior, {**planned, "id": identity})
            return Created(identity)
        journal.forget(orphan)
    return None


def _is_other(resource: Resource, prior: Values, planned: Values) -> bool:
    """Tell whether an object differs in what no update can change."""
    rules = resource.rules
    for name in rules.immutable - rules.local:
        wanted, equal = planned[name], rules.equal.get(name)
        if wanted is UNKNOWN or wanted == prior[name]:
            continue
        if equal is None or wanted is None or prior[name] is None or not equal(wanted, prior[name]):
            return True
    return False


def _update(resource: Resource, api: Api, prior: Values, planned: Values) -> Values:
    if resource.update is None:
        raise ProviderError("this resource type cannot be updated in place; Terraform planned a replacement")
    found = resource.update(api, prior, planned)
    if found is None:
        found = resource.read(api, without_unknowns({**planned, "id": prior["id"]}))
    if found is None:
        raise ProviderError(f"{prior['id']} disappeared while it was updated")
    return _state_after(resource, planned, {**found, "id": prior["id"]})


def _state_after(resource: Resource, planned: Values, found: dict[str, Any]) -> Values:
    known = without_unknowns(planned)
    state = conform(resource.schema, from_api(resource.schema, found, known, resource.rules))
    return state if resource.raw else conform(resource.schema, fill(planned, state))


def read(resource: Resource, api: Api, state: Values) -> Values | None:
    """Return the state as the server has it now, or None when the object is gone."""
    found = resource.read(api, state)
    if found is None:
        return None
    return conform(resource.schema, from_api(resource.schema, {**found, "id": state["id"]}, state, resource.rules))


def import_state(resource: Resource, type_name: str, api: Api, identity: str) -> Values:
    """Return the whole state of an object that exists already."""
    state = conform(resource.schema, resource.parse_id(identity))
    found = read(resource, api, state)
    if found is None or is_zero(found):
        raise ProviderError(f"cannot import {type_name} {identity!r}: the workspace has no such object")
    return found
