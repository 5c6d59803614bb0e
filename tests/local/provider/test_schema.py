"""Whatever the CDKTF bindings can emit for a type is accepted, nothing else is, and what they can read is there."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from local.provider.protocol import CONFIGURATION
from local.provider.resources import DATA_SOURCES, RESOURCES
from local.provider.schema import Attribute, Block, Nested

_META = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"}
_TERRAFORM_NAMES = {"apply_policy_default_values_allow_list": "__apply_policy_default_values_allow_list"}
_SCALARS = {"builtins.str": "string", "jsii.Number": "number", "builtins.bool": "bool"}


_CLASS = re.compile(r"^class (\w+)\b.*?(?=^class |\Z)", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^ {8}(\w+): (.+?)( = None)?(?:,$|\Z)", re.MULTILINE)
_PROPERTY = re.compile(r"@builtins.property\n    @jsii.member\(jsii_name=\"\w+\"\)\n    def (\w+)")


@cache
def _classes(module: str) -> dict[str, str]:
    """Return the source of each class of a binding module: importing them would start Node, parsing takes seconds."""
    package = importlib.util.find_spec("cdktf_cdktf_provider_databricks")
    assert package is not None
    assert package.submodule_search_locations
    source = Path(package.submodule_search_locations[0], module, "__init__.py").read_text()
    return {found[1]: found[0] for found in _CLASS.finditer(source)}


def _arguments(source: str) -> dict[str, tuple[str, bool]]:
    """Return the keyword arguments of a class: type as text, and whether it is required."""
    signature = source[source.index("def __init__(") : source.index(") -> None:")]
    if "\n" not in signature:
        signature = signature.replace(", ", ",\n        ")
    found = {name: (kind, not default) for name, kind, default in _ARGUMENT.findall(signature)}
    return {_TERRAFORM_NAMES.get(name, name): value for name, value in found.items()}


def _scalar(annotation: str) -> object:
    inner = next((kind for text, kind in _SCALARS.items() if text in annotation), None)
    if "typing.Mapping" in annotation:
        return ["map", "string"]
    return ["list", inner] if "typing.Sequence" in annotation else inner


def _compare(module: str, class_name: str, schema: Block, path: str) -> list[str]:
    """Return every difference between the arguments of a binding class and the settable part of a schema."""
    classes = _classes(module)
    arguments = {name: value for name, value in _arguments(classes[class_name]).items() if path or name not in _META}
    settable = {name for name, attribute in schema.attributes.items() if attribute.required or attribute.optional}
    problems = [f"{path}{name}: only in the bindings" for name in arguments.keys() - settable - schema.blocks.keys()]
    problems += [f"{path}{name}: only in the schema" for name in (settable | schema.blocks.keys()) - arguments.keys()]
    for name, (annotation, required) in arguments.items():
        part = schema.attributes.get(name) or schema.blocks.get(name)
        inner = next((found for found in re.findall(r"\w+", annotation) if found in classes), None)
        if part is not None:
            problems += _compare_part(module, inner, annotation, required, part, f"{path}{name}")
    return problems


def _compare_part(
    module: str, inner: str | None, annotation: str, required: bool, part: Attribute | Nested, path: str
) -> list[str]:
    repeated = "typing.Sequence" in annotation
    if isinstance(part, Attribute):
        if part.required != required:
            return [f"{path}: required in the bindings {required}, in the schema {part.required}"]
        if part.nested is not None:
            same = repeated == (part.nesting != "single")
            return _compare(module, str(inner), part.nested, f"{path}.") if same else [f"{path}: nesting differs"]
        return [] if _scalar(annotation) == part.type else [f"{path}: {annotation} is not {part.type}"]
    if inner is None or repeated == part.single or required != bool(part.least):
        return [f"{path}: block differs: {annotation}, at least {part.least}, at most {part.most}"]
    return _compare(module, inner, part.block, f"{path}.")


def _class_name(module: str) -> str:
    return "".join(word.capitalize() for word in module.split("_"))


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_resource_accepts_exactly_what_the_bindings_emit(name: str) -> None:
    module = name.removeprefix("databricks_")
    assert _compare(module, f"{_class_name(module)}Config", RESOURCES[name].schema, "") == []


@pytest.mark.parametrize("name", sorted(DATA_SOURCES))
def test_data_source_accepts_exactly_what_the_bindings_emit(name: str) -> None:
    module = f"data_{name}"
    assert _compare(module, f"{_class_name(module)}Config", DATA_SOURCES[name].schema, "") == []


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_every_attribute_the_bindings_can_read_is_in_the_schema(name: str) -> None:
    module = name.removeprefix("databricks_")
    schema = RESOURCES[name].schema
    readable = {
        item
        for item in _PROPERTY.findall(_classes(module)[_class_name(module)])
        if not item.endswith("_input") and item not in _META
    }
    assert readable == schema.attributes.keys() | schema.blocks.keys()


def test_provider_block_takes_a_subset_of_what_the_bindings_emit() -> None:
    arguments = _arguments(_classes("provider")["DatabricksProviderConfig"])
    settings = {name: attribute.type for name, attribute in CONFIGURATION.attributes.items()}
    assert settings == {name: _scalar(arguments[name][0]) for name in settings}


def test_the_comparison_sees_a_missing_a_surplus_and_a_changed_property() -> None:
    schema = RESOURCES["databricks_secret"].schema
    attributes = dict(schema.attributes)
    attributes["value"] = attributes.pop("string_value")
    attributes["scope"] = Attribute("number", required=True)
    problems = _compare("secret", "SecretConfig", Block(attributes, schema.blocks), "")
    assert problems == [
        "string_value: only in the bindings",
        "value: only in the schema",
        "scope: builtins.str is not number",
    ]
