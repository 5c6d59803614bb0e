"""Values between Terraform's bytes, its schema and the API's objects."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from local.provider import engine, wire
from local.provider.resource import Api, Created, Resource, Rules
from local.provider.schema import block, many, one
from local.provider.translate import from_api, to_api
from local.provider.values import UNKNOWN, conform, dumps, fill, loads

SCHEMA = block(
    "name! note size:number keep:bool~ id~ made=",
    task=many("key! retries:number", on=one("path! mode~")),
    mail=one("to:list"),
)
RULES = Rules(
    defaults={"task.on.mode": "FAST", "keep": True},
    force=frozenset({"task.retries"}),
    plural={"task": "tasks"},
    keyed={"task": "key"},
    unset={"size": 7},
    immutable=frozenset({"name"}),
    volatile=frozenset({"made"}),
)


def _values(**given: Any) -> dict[str, Any]:
    return conform(SCHEMA, given)


def test_a_refined_unknown_is_an_unknown_and_goes_back_as_a_plain_one() -> None:
    refined = msgpack.packb({"a": msgpack.ExtType(12, b"\x81\x01\xc2"), "b": msgpack.ExtType(0, b"\0")})
    value = loads(refined)
    assert value == {"a": UNKNOWN, "b": UNKNOWN}
    assert dumps(value["a"]) == b"\xd4\0\0"


def test_a_message_survives_the_wire_and_a_misspelt_field_does_not_pass() -> None:
    step = {"steps": [{"attribute_name": "task"}, {"element_key_int": 300}]}
    message = {"diagnostics": [{"severity": 1, "summary": "é", "attribute": step}]}
    assert wire.decode("ConfigureProvider.Response", wire.encode("ConfigureProvider.Response", message)) == message
    with pytest.raises(ValueError, match="sumary"):
        wire.encode("Diagnostic", {"sumary": "x"})


def test_zeros_are_dropped_unless_forced_and_single_blocks_are_objects() -> None:
    values = _values(name="n", note="", size=0, keep=False, task=[{"key": "a", "retries": 0, "on": [{"path": "/p"}]}])
    assert to_api(SCHEMA, values, RULES) == {
        "name": "n",
        "tasks": [{"key": "a", "retries": 0, "on": {"path": "/p"}}],
    }


def test_order_silence_and_defaults_are_no_drift() -> None:
    known = _values(name="n", keep=True, task=[{"key": "z"}, {"key": "a"}])
    found = {"name": "n", "keep": True, "size": 7, "note": "", "mail": {}, "tasks": [{"key": "a"}, {"key": "z"}]}
    assert from_api(SCHEMA, found, known, RULES) == known


def test_removals_additions_and_changes_are_drift() -> None:
    known = _values(name="n", note="mine", mail=[{"to": ["a"]}], task=[{"key": "a", "retries": 2}])
    found = {"name": "n", "size": 8, "tasks": [{"key": "a"}, {"key": "b"}]}
    state = from_api(SCHEMA, found, known, RULES)
    assert (state["note"], state["size"], state["mail"]) == (None, 8, [])
    assert [(task["key"], task["retries"]) for task in state["task"]] == [("a", None), ("b", None)]


def test_what_was_planned_wins_and_unknowns_are_filled() -> None:
    assert fill({"a": 1, "b": UNKNOWN, "c": [UNKNOWN]}, {"a": 2, "b": 3, "c": [4]}) == {"a": 1, "b": 3, "c": [4]}
    assert fill({"c": [UNKNOWN]}, {"c": [1, 2]}) == {"c": [None]}


def _resource() -> Resource:
    def nothing(api: Api, values: dict[str, Any]) -> Any:
        raise AssertionError("a plan asks nothing")

    return Resource(SCHEMA, nothing, lambda api, planned: Created("1"), nothing, lambda *_: None, RULES)


def test_a_new_object_has_defaults_and_unknowns() -> None:
    config = _values(name="n", task=[{"key": "a", "on": [{"path": "/p"}]}])
    state = engine.plan(_resource(), None, config, config).state
    assert state is not None
    assert (state["keep"], state["id"], state["made"], state["note"]) == (True, UNKNOWN, UNKNOWN, None)
    assert state["task"][0]["on"][0]["mode"] == "FAST"


def test_a_change_touches_what_is_volatile_and_a_name_makes_a_new_object() -> None:
    prior = _values(name="n", keep=True, id="1", made="monday")
    same = engine.plan(_resource(), prior, prior, _values(name="n"))
    assert (same.state, same.replace) == (prior, [])
    noted = engine.plan(_resource(), prior, {**prior, "note": "x"}, _values(name="n", note="x"))
    assert noted.state == {**prior, "note": "x", "made": UNKNOWN}
    renamed = engine.plan(_resource(), prior, {**prior, "name": "m"}, _values(name="m"))
    assert renamed.replace == ["name"]
    assert renamed.state == {**prior, "name": "m", "id": UNKNOWN, "made": UNKNOWN}
