"""The digest of a plan is blind to order, times and run state, and to nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.plans.digest import RUN_STATE, TIMES, canonical, digest
from scripts.plans.facts import counts, in_words

KINDS = ("databricks_job", "databricks_sql_endpoint", "databricks_catalog")
ACTIONS = (["create"], ["update"], ["delete"], ["delete", "create"], ["create", "delete"])

values = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('aé"', max_size=3) | st.lists(st.integers(), max_size=2)
)
objects = st.dictionaries(st.sampled_from(["name", "comment", "tags"]), values, min_size=1)
changes = st.fixed_dictionaries(
    {
        "type": st.sampled_from(KINDS),
        "name": st.sampled_from("abcdefgh"),
        "change": st.fixed_dictionaries(
            {
                "actions": st.sampled_from(ACTIONS).map(list),
                "before": objects,
                "after": objects,
                "after_unknown": st.fixed_dictionaries({"id": st.booleans()}),
                "replace_paths": st.just([["name"], ["task", 0]]),
            }
        ),
    }
)
plans = st.lists(changes, min_size=1, max_size=4, unique_by=lambda each: each["name"]).map(
    lambda drawn: {"timestamp": "2026-11-27T18:00:00Z", "resource_changes": [addressed(each) for each in drawn]}
)
few = settings(max_examples=40, deadline=None)


def addressed(entry: dict[str, Any]) -> dict[str, Any]:
    return {"address": f"{entry['type']}.{entry['name']}", "type": entry["type"], "change": entry["change"]}


@few
@given(plans, st.data())
def test_order_does_not_matter(plan: dict[str, Any], data: st.DataObject) -> None:
    other = copy.deepcopy(plan)
    other["resource_changes"] = data.draw(st.permutations(other["resource_changes"]))
    for change in other["resource_changes"]:
        change["change"] = dict(reversed(change["change"].items()))
        change["change"]["replace_paths"].reverse()
        change["change"]["before"] = dict(reversed(change["change"]["before"].items()))
    assert digest(other) == digest(plan)


@few
@given(plans, st.integers())
def test_times_do_not_matter(plan: dict[str, Any], moment: int) -> None:
    other = copy.deepcopy(plan)
    other["timestamp"] = "2027-01-01T00:00:00Z"
    for change in other["resource_changes"]:
        for name in TIMES:
            change["change"]["before"][name] = change["change"]["after"][name] = moment
            change["change"]["after_unknown"][name] = True
    assert digest(other) == digest(plan)


@few
@given(plans)
def test_every_value_matters(plan: dict[str, Any]) -> None:
    before = digest(plan)
    places = list(leaves(plan["resource_changes"]))
    assert len(places) >= 7 * len(plan["resource_changes"])
    for container, key in places:
        kept = container[key]
        container[key] = another(kept)
        assert digest(plan) != before, (container, key)
        container[key] = kept
    assert digest(plan) == before


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the place of everything that has no parts: its container, and the key or index there."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, (dict, list)) and each:
            yield from leaves(each)
        elif key != "type":  # the address begins with it
            yield value, key


def another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case str():
            return value + "x"
        case int():
            return value + 1
    return ["x"]


def change(kind: str = "databricks_job", actions: tuple[str, ...] = ("no-op",), **more: Any) -> dict[str, Any]:
    inner = {"actions": list(actions), "before": {"name": "x"}, "after": {"name": "x"}, "after_unknown": {}}
    return {"address": f"{kind}.x", "type": kind, "change": inner, **more}


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"resource_changes": list(changes)}


def test_what_is_left_alone_is_no_part_of_it() -> None:
    assert digest(plan(change())) == digest(plan()) == digest({})
    assert canonical(plan(change())) == {"changes": [], "outputs": {}}


def test_a_move_is_part_of_it_and_so_is_where_from() -> None:
    here = change(previous_address="databricks_job.x")
    moves = [change(previous_address=f"databricks_job.{name}") for name in ("old", "older")]
    assert digest(plan(here)) == digest(plan())
    assert len({digest(plan()), *(digest(plan(move)) for move in moves)}) == 3


def test_an_import_is_part_of_it() -> None:
    adopted = change()
    adopted["change"]["importing"] = {"id": "7"}
    assert digest(plan(adopted)) != digest(plan())


def test_an_output_is_part_of_it() -> None:
    outputs = {"host": {"actions": ["create"], "before": None, "after": "x", "after_unknown": False}}
    assert digest({"output_changes": outputs}) != digest({})
    outputs["host"]["actions"] = ["no-op"]
    assert digest({"output_changes": outputs}) == digest({})


def test_the_order_of_destroying_and_creating_is_part_of_it() -> None:
    first, second = (change(actions=actions) for actions in (("create", "delete"), ("delete", "create")))
    assert digest(plan(first)) != digest(plan(second))


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in RUN_STATE.items() for path in paths])
def test_run_state_of_its_own_kind_does_not_matter(kind: str, path: str) -> None:
    def running(kind: str, value: str) -> dict[str, Any]:
        *parents, name = path.split(".")
        inner: dict[str, Any] = {name: value}
        for parent in reversed(parents):
            inner = {parent: inner}
        entry = change(kind, ("update",))
        entry["change"]["before"] |= inner
        return plan(entry)

    assert digest(running(kind, "RUNNING")) == digest(running(kind, "STOPPED"))
    assert digest(running("databricks_job", "RUNNING")) != digest(running("databricks_job", "STOPPED"))


def test_changes_are_counted_and_said() -> None:
    made = plan(
        change(),
        change(actions=("create",)),
        change(actions=("update",), previous_address="databricks_job.old"),
        change(actions=("delete", "create")),
        change(actions=("create", "delete")),
        change(actions=("read",)),
    )
    counted = counts(made)
    assert counted == {"create": 1, "update": 1, "replace": 2, "delete": 0, "move": 1}
    assert in_words(counted) == "1 to create, 1 to update, 2 to replace, 1 to move"
    assert in_words(counts({})) == "no changes"
