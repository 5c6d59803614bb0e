"""Schemas written small: words for attributes, keyword arguments for blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.provider.wire import Message

Type = Any  # "string", "number", "bool", ["list", T], ["set", T], ["map", T], ["object", {name: T}], as cty writes them

_KINDS: dict[str, Type] = {
    "": "string",
    "string": "string",
    "number": "number",
    "bool": "bool",
    "list": ["list", "string"],
    "map": ["map", "string"],
}
_BLOCK_NESTING = {"single": 1, "list": 2, "set": 3}
_OBJECT_NESTING = {"single": 1, "list": 2, "set": 3}


@dataclass(frozen=True)
class Attribute:
    """One attribute; `nested` makes it an object (or a list or set of objects) of described attributes."""

    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    nested: Block | None = None
    nesting: str = "single"


@dataclass(frozen=True)
class Nested:
    """How often a block may stand inside its parent."""

    block: Block
    nesting: str
    least: int
    most: int

    @property
    def single(self) -> bool:
        """Tell whether the API knows this block as one object."""
        return self.nesting == "single" or self.most == 1


@dataclass(frozen=True)
class Block:
    """Attributes and nested blocks by name."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Nested]

    @property
    def type(self) -> Type:
        """The cty object type of a whole block."""
        fields = {name: attribute.type for name, attribute in self.attributes.items()}
        for name, nested in self.blocks.items():
            inner = nested.block.type
            fields[name] = inner if nested.nesting == "single" else [nested.nesting, inner]
        return ["object", fields]


def block(words: str = "", **parts: Nested | Attribute) -> Block:
    """Build a block: `name[:type][!|~|=][*]` for optional, required, optional and computed, computed; sensitive."""
    attributes = dict(_attribute(word) for word in words.split())
    blocks: dict[str, Nested] = {}
    for name, part in parts.items():
        if isinstance(part, Nested):
            blocks[name] = part
        else:
            attributes[name] = part
    return Block(attributes, blocks)


def _attribute(word: str) -> tuple[str, Attribute]:
    body = word.rstrip("!~=*")
    flags = word[len(body) :]
    name, _, kind = body.partition(":")
    return name, Attribute(
        type=_KINDS[kind],
        required="!" in flags,
        optional="!" not in flags and "=" not in flags,
        computed="~" in flags or "=" in flags,
        sensitive="*" in flags,
    )


def one(words: str = "", *, required: bool = False, **parts: Nested | Attribute) -> Nested:
    """A block that may stand once, or must."""
    return Nested(block(words, **parts), "list", int(required), 1)


def many(words: str = "", *, least: int = 0, most: int = 0, **parts: Nested | Attribute) -> Nested:
    """A block that may be repeated, in order."""
    return Nested(block(words, **parts), "list", least, most)


def bag(words: str = "", *, least: int = 0, **parts: Nested | Attribute) -> Nested:
    """A block that may be repeated, order without meaning."""
    return Nested(block(words, **parts), "set", least, 0)


def timeouts(words: str) -> Nested:
    """The `timeouts` block."""
    return Nested(block(words), "single", 0, 0)


def objects(words: str, *, nesting: str = "single", flags: str = "", **parts: Attribute) -> Attribute:
    """An attribute made of described attributes, as plugin-framework resources have them."""
    inner = block(words, **parts)
    kind = inner.type if nesting == "single" else [nesting, inner.type]
    _, plain = _attribute(f"x{flags}")
    return Attribute(kind, plain.required, plain.optional, plain.computed, plain.sensitive, inner, nesting)


def computed(kind: Type) -> Attribute:
    """A computed attribute of any type."""
    return Attribute(kind, computed=True)


def schema_message(schema: Block, version: int = 0) -> Message:
    """Return the protocol's Schema message."""
    return {"version": version, "block": _block_message(schema)}


def _block_message(schema: Block) -> Message:
    return {
        "attributes": [_attribute_message(name, schema.attributes[name]) for name in sorted(schema.attributes)],
        "block_types": [
            {
                "type_name": name,
                "block": _block_message(nested.block),
                "nesting": _BLOCK_NESTING[nested.nesting],
                "min_items": nested.least,
                "max_items": nested.most,
            }
            for name, nested in sorted(schema.blocks.items())
        ],
    }


def _attribute_message(name: str, attribute: Attribute) -> Message:
    message: Message = {
        "name": name,
        "required": attribute.required,
        "optional": attribute.optional,
        "computed": attribute.computed,
        "sensitive": attribute.sensitive,
    }
    if attribute.nested is None:
        message["type"] = json.dumps(attribute.type).encode()
    else:
        inner = attribute.nested.attributes
        message["nested_type"] = {
            "attributes": [_attribute_message(key, inner[key]) for key in sorted(inner)],
            "nesting": _OBJECT_NESTING[attribute.nesting],
        }
    return message
