"""Between Terraform's values and the API's objects, by schema and rules."""

from __future__ import annotations

from typing import Any

from local.provider.resource import ANYTHING, Object, Rules
from local.provider.schema import Attribute, Block, Nested
from local.provider.values import UNKNOWN, Values, is_zero, shape


def to_api(schema: Block, values: Values, rules: Rules, path: str = "") -> Object:
    """Return the API's object for planned values: zeros dropped unless forced, single blocks as objects."""
    body: Object = {}
    for name, attribute in schema.attributes.items():
        here = f"{path}{name}"
        if (
            (name == "id" and not path)
            or rules.listed(rules.local, here)
            or not (attribute.optional or attribute.required)
        ):
            continue
        value = _attribute_to_api(attribute, values.get(name), rules, here)
        if value is not None:
            body[rules.look(rules.plural, here, name)] = value
    for name, nested in schema.blocks.items():
        here = f"{path}{name}"
        items = values.get(name)
        if nested.nesting == "single" or not items or rules.listed(rules.local, here):
            continue
        sent = [to_api(nested.block, item, rules, f"{here}.") for item in items]
        body[rules.look(rules.plural, here, name)] = sent[0] if nested.single else sent
    return body


def _attribute_to_api(attribute: Attribute, value: Any, rules: Rules, path: str) -> Any:
    if value is None or value is UNKNOWN:
        return None
    if attribute.nested is not None:
        if attribute.nesting == "single":
            return to_api(attribute.nested, value, rules, f"{path}.")
        return [to_api(attribute.nested, item, rules, f"{path}.") for item in value]
    if is_zero(value) and not rules.keep_zeros and not rules.listed(rules.force, path):
        return None
    return value


def from_api(schema: Block, found: Object, known: Values, rules: Rules, path: str = "") -> Values:
    """Return the state for an object as the server has it now, read in the light of the state that is known.

    What differs only in spelling, order or silence about a default keeps its known value, so what is left is drift.
    """
    state: Values = {}
    rules = rules if known else rules.telling_all
    for name, attribute in schema.attributes.items():
        here = f"{path}{name}"
        value = found.get(rules.look(rules.plural, here, name))
        state[name] = _attribute_from_api(attribute, value, known.get(name), rules, here)
    for name, nested in schema.blocks.items():
        here = f"{path}{name}"
        kept = known.get(name)
        if nested.nesting == "single" or rules.listed(rules.local, here):
            state[name] = kept if nested.nesting == "single" else kept or []
            continue
        value = found.get(rules.look(rules.plural, here, name))
        state[name] = _block_from_api(nested, value, kept or [], rules, here)
    return state


def _attribute_from_api(attribute: Attribute, value: Any, known: Any, rules: Rules, path: str) -> Any:
    if attribute.sensitive or rules.listed(rules.local, path):
        return known
    if attribute.nested is not None:
        return _objects_from_api(attribute, value, known, rules, path)
    value = shape(attribute.type, value)
    if attribute.computed:
        return known if value is None or _equal(rules, path, value, known) else value
    if is_zero(value):
        return known if is_zero(known) else None
    if known is None and _said_by_silence(rules, path, value):
        return None
    return known if _equal(rules, path, value, known) else value


def _objects_from_api(attribute: Attribute, value: Any, known: Any, rules: Rules, path: str) -> Any:
    schema = attribute.nested
    if schema is None or value is None:
        return None
    if attribute.nesting == "single":
        if known is None and not attribute.computed and is_zero(value):
            return None
        return from_api(schema, value, known or {}, rules, f"{path}.")
    if not value and not known:
        return known
    return [from_api(schema, item, {}, rules, f"{path}.") for item in value]


def _said_by_silence(rules: Rules, path: str, value: Any) -> bool:
    expected = rules.look(rules.unset, path)
    return expected is ANYTHING or (expected is not None and expected == value)


def _equal(rules: Rules, path: str, value: Any, known: Any) -> bool:
    equal = rules.look(rules.equal, path)
    return bool(equal is not None and known is not None and equal(value, known))


def _block_from_api(nested: Nested, value: Any, known: list[Any], rules: Rules, path: str) -> list[Any]:
    if nested.single:
        return _single_from_api(nested, value, known, rules, path)
    items = list(value or [])
    if nested.nesting == "set":
        return [from_api(nested.block, item, {}, rules, f"{path}.") for item in items]
    key = rules.look(rules.keyed, path)
    if key is None:
        pairs = [(item, known[index] if index < len(known) else {}) for index, item in enumerate(items)]
    else:
        place = {item[key]: index for index, item in enumerate(known)}
        items.sort(key=lambda item: place.get(item.get(key), len(place)))
        pairs = [(item, known[place[item[key]]] if item.get(key) in place else {}) for item in items]
    return [from_api(nested.block, item, before, rules, f"{path}.") for item, before in pairs]


def _single_from_api(nested: Nested, value: Any, known: list[Any], rules: Rules, path: str) -> list[Any]:
    before = known[0] if known else None
    if before is None and _said_by_silence(rules, path, value):
        return []
    if not value:
        return known if before is not None and is_zero(before) else []
    state = from_api(nested.block, value, before or {}, rules, f"{path}.")
    return [] if before is None and is_zero(state) else [state]
