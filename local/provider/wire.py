"""The protobuf messages of Terraform's plugin protocol 6, as a table and two functions.

Generated classes would pin a protobuf version that other tools of the same environment refuse; the protocol is
frozen, so forty lines of table are the smaller dependency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]

_VARINT, _BYTES = 0, 2
_SCALARS = {"int", "bool", "string", "bytes"}

# name=number[:kind][*]; the kind is string unless said, * marks a repeated field.
_TABLE = {
    "DynamicValue": "msgpack=1:bytes json=2:bytes",
    "Diagnostic": "severity=1:int summary=2 detail=3 attribute=4:AttributePath",
    "AttributePath": "steps=1:Step*",
    "Step": "attribute_name=1 element_key_string=2 element_key_int=3:int",
    "RawState": "json=1:bytes",
    "Schema": "version=1:int block=2:Block",
    "Block": "version=1:int attributes=2:Attribute* block_types=3:NestedBlock*",
    "Attribute": "name=1 type=2:bytes required=4:bool optional=5:bool computed=6:bool sensitive=7:bool "
    "nested_type=10:Object",
    "Object": "attributes=1:Attribute* nesting=3:int",
    "NestedBlock": "type_name=1 block=2:Block nesting=3:int min_items=4:int max_items=5:int",
    "SchemaEntry": "key=1 value=2:Schema",
    "Capabilities": "plan_destroy=1:bool get_provider_schema_optional=2:bool move_resource_state=3:bool",
    "TypeName": "type_name=1",
    "Empty": "",
    "GetMetadata.Response": "server_capabilities=1:Capabilities diagnostics=2:Diagnostic* data_sources=3:TypeName* "
    "resources=4:TypeName*",
    "GetProviderSchema.Response": "provider=1:Schema resource_schemas=2:SchemaEntry* "
    "data_source_schemas=3:SchemaEntry* diagnostics=4:Diagnostic* server_capabilities=6:Capabilities",
    "ValidateProviderConfig.Request": "config=1:DynamicValue",
    "ValidateProviderConfig.Response": "diagnostics=2:Diagnostic*",
    "ConfigureProvider.Request": "terraform_version=1 config=2:DynamicValue",
    "ConfigureProvider.Response": "diagnostics=1:Diagnostic*",
    "ValidateResourceConfig.Request": "type_name=1 config=2:DynamicValue",
    "ValidateResourceConfig.Response": "diagnostics=1:Diagnostic*",
    "ValidateDataResourceConfig.Request": "type_name=1 config=2:DynamicValue",
    "ValidateDataResourceConfig.Response": "diagnostics=1:Diagnostic*",
    "UpgradeResourceState.Request": "type_name=1 version=2:int raw_state=3:RawState",
    "UpgradeResourceState.Response": "upgraded_state=1:DynamicValue diagnostics=2:Diagnostic*",
    "ReadResource.Request": "type_name=1 current_state=2:DynamicValue private=3:bytes",
    "ReadResource.Response": "new_state=1:DynamicValue diagnostics=2:Diagnostic* private=3:bytes",
    "PlanResourceChange.Request": "type_name=1 prior_state=2:DynamicValue proposed_new_state=3:DynamicValue "
    "config=4:DynamicValue prior_private=5:bytes",
    "PlanResourceChange.Response": "planned_state=1:DynamicValue requires_replace=2:AttributePath* "
    "planned_private=3:bytes diagnostics=4:Diagnostic*",
    "ApplyResourceChange.Request": "type_name=1 prior_state=2:DynamicValue planned_state=3:DynamicValue "
    "config=4:DynamicValue planned_private=5:bytes",
    "ApplyResourceChange.Response": "new_state=1:DynamicValue private=2:bytes diagnostics=3:Diagnostic*",
    "ImportResourceState.Request": "type_name=1 id=2",
    "ImportResourceState.Response": "imported_resources=1:ImportedResource* diagnostics=2:Diagnostic*",
    "ImportedResource": "type_name=1 state=2:DynamicValue private=3:bytes",
    "ReadDataSource.Request": "type_name=1 config=2:DynamicValue",
    "ReadDataSource.Response": "state=1:DynamicValue diagnostics=2:Diagnostic*",
    "StopProvider.Response": "error=1",
    "HealthCheck.Response": "status=1:int",
}


@dataclass(frozen=True)
class _Field:
    name: str
    number: int
    kind: str
    repeated: bool


def _parse(row: str) -> tuple[_Field, ...]:
    fields = []
    for word in row.split():
        name, _, rest = word.partition("=")
        number, _, kind = rest.rstrip("*").partition(":")
        fields.append(_Field(name, int(number), kind or "string", rest.endswith("*")))
    return tuple(fields)


_FIELDS = {name: _parse(row) for name, row in _TABLE.items()}
_BY_NUMBER = {name: {field.number: field for field in fields} for name, fields in _FIELDS.items()}


def knows(kind: str) -> bool:
    """Tell whether the table has this message."""
    return kind in _FIELDS


def encode(kind: str, message: Message) -> bytes:
    """Return the bytes of one message; absent and zero fields are left out, a name not in the table is an error."""
    unknown = message.keys() - {field.name for field in _FIELDS[kind]}
    if unknown:
        raise ValueError(f"{kind} has no field {sorted(unknown)[0]!r}")
    out = bytearray()
    for field in _FIELDS[kind]:
        value = message.get(field.name)
        if value is None:
            continue
        for item in value if field.repeated else (value,):
            if item or field.repeated or field.kind not in _SCALARS or kind == "Step":
                _encode_field(out, field, item)
    return bytes(out)


def _encode_field(out: bytearray, field: _Field, value: Any) -> None:
    if field.kind in ("int", "bool"):
        out += _varint(field.number << 3 | _VARINT) + _varint(int(value))
        return
    if field.kind == "string":
        data = value.encode()
    elif field.kind == "bytes":
        data = value
    else:
        data = encode(field.kind, value)
    out += _varint(field.number << 3 | _BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode(kind: str, data: bytes) -> Message:
    """Return one message as a dict of the fields that are present; fields that the table does not name are skipped."""
    message: Message = {}
    fields = _BY_NUMBER[kind]
    for number, value in _scan(data):
        field = fields.get(number)
        if field is None:
            continue
        decoded = _decode_value(field, value)
        if field.repeated:
            message.setdefault(field.name, []).append(decoded)
        else:
            message[field.name] = decoded
    return message


def _decode_value(field: _Field, value: int | bytes) -> Any:
    if isinstance(value, int):
        return bool(value) if field.kind == "bool" else value - (1 << 64 if value >> 63 else 0)
    if field.kind == "string":
        return value.decode()
    return value if field.kind == "bytes" else decode(field.kind, value)


def _scan(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        match key & 7:
            case 0:
                value, position = _read_varint(data, position)
                yield key >> 3, value
            case 2:
                length, position = _read_varint(data, position)
                yield key >> 3, data[position : position + length]
                position += length
            case 1:
                position += 8
            case 5:
                position += 4
            case other:
                raise ValueError(f"protobuf wire type {other} is not used by the plugin protocol")


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
