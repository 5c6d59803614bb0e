"""Comparing bodies: order, defaults and emptiness are no difference, any changed leaf is exactly one."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.drift.compare import Default, Difference, Rules, compare
from scripts.drift.declared import Resource
from scripts.drift.kinds import KINDS, job

RULES = Rules(
    computed={"id": "given by the service", "items[].seen": "a time"},
    defaults={"limit": Default(1, "the API's default"), "items[].mode": Default("plain", "the API's default")},
    keys={"items": "key", "nested": "who.name"},
    sets=frozenset({"people"}),
)

_names = st.sampled_from(["a", "b", "c", "d"])
_leaves = st.one_of(st.integers(2, 9), st.booleans(), st.text("xyz", min_size=1, max_size=3))
_items = st.lists(
    st.fixed_dictionaries({"key": _names, "size": _leaves}, optional={"mode": _leaves}),
    unique_by=lambda item: item["key"],
    max_size=4,
)
_bodies = st.fixed_dictionaries(
    {"items": _items, "people": st.lists(st.text("xyz", min_size=1), max_size=4)},
    optional={"limit": _leaves, "block": st.dictionaries(_names, _leaves, min_size=1), "ordered": st.lists(_leaves)},
)


@settings(max_examples=50, deadline=None)
@given(_bodies, st.randoms(use_true_random=False))
def test_order_and_what_the_service_adds_are_no_difference(body: dict[str, Any], dice: random.Random) -> None:
    shown = copy.deepcopy(body)
    dice.shuffle(shown["items"])
    dice.shuffle(shown["people"])
    shown = dict(dice.sample(list(shown.items()), len(shown))) | {"id": "x", "empty": {}, "none": None, "text": ""}
    shown.setdefault("limit", 1)
    for item in shown["items"]:
        item["seen"] = 1
        item.setdefault("mode", "plain")
    assert compare(body, shown, RULES) == []
    assert compare(shown, body, RULES) == []


@settings(max_examples=50, deadline=None)
@given(_bodies, st.data())
def test_any_changed_leaf_is_one_difference(body: dict[str, Any], data: st.DataObject) -> None:
    leaves = list(_leaves_of(body))
    if not leaves:
        return
    path = data.draw(st.sampled_from(leaves))
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "changed"
    found = compare(body, changed, RULES)
    assert len(found) == 1
    assert found[0].declared != found[0].actual
    assert compare(changed, body, RULES)[0].path == found[0].path


def _leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name != "key":  # another key is another item: one gone, one new
                yield from _leaves_of(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves_of(each, (*path, number))
    else:
        yield path


@pytest.mark.parametrize(
    ("declared", "actual", "path"),
    [
        ({"block": {"a": 1, "b": 2}}, {}, "block"),
        ({}, {"block": {"a": 1, "b": 2}}, "block"),
        ({"items": [{"key": "a"}]}, {"items": [{"key": "a"}, {"key": "b", "size": 1}]}, "items[b]"),
        ({"items": [{"key": "a"}]}, {}, "items"),
        ({"nested": [{"who": {"name": "n"}, "x": 1}]}, {"nested": [{"who": {"name": "n"}, "x": 2}]}, "nested[n].x"),
        ({"ordered": [1, 2]}, {"ordered": [2, 1]}, "ordered"),
        ({"flag": True}, {"flag": 1}, "flag"),
        ({"limit": 5}, {}, "limit"),
        ({"items": [{"key": "a"}]}, {"items": [{"key": "a"}, {"key": "a", "size": 9}]}, "items[a again]"),
        ({"flag": True}, {"flag": False}, "flag"),
        ({}, {"count": 0}, "count"),
    ],
)
def test_a_block_is_one_difference_and_a_second_item_does_not_hide(
    declared: dict[str, Any], actual: dict[str, Any], path: str
) -> None:
    assert [each.path for each in compare(declared, actual, RULES)] == [path]


def test_what_is_absent_shows_as_its_default() -> None:
    assert compare({"limit": 5}, {}, RULES) == [Difference("limit", "limit", 5, 1)]


@pytest.mark.parametrize(("declared", "actual"), [(1, 1.0), (0, 0.0), ("x", "x")])
def test_numbers_are_numbers(declared: Any, actual: Any) -> None:
    assert compare({"a": declared}, {"a": actual}, RULES) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
def test_every_rule_has_its_reason(kind: Any) -> None:
    reasons = [*kind.rules.computed.values(), *(each.reason for each in kind.rules.defaults.values())]
    assert all(len(reason) > 5 for reason in reasons)
    assert not kind.rules.computed.keys() & kind.rules.defaults.keys()


def test_what_the_jobs_api_adds_to_a_job_is_no_difference() -> None:
    """As the real API answers for a job of one notebook task (provider_wire, 3.1)."""
    declared = {
        "name": "n",
        "task": [{"task_key": "t", "max_retries": 0, "notebook_task": {"notebook_path": "/n"}, "timeout_seconds": 60}],
        "job_cluster": [{"job_cluster_key": "main", "new_cluster": {"num_workers": 1}}],
    }
    answer = {
        "creator_user_name": "me@example.com",
        "run_as_user_name": "me@example.com",
        "settings": {
            "name": "n",
            "email_notifications": {},
            "webhook_notifications": {},
            "timeout_seconds": 0,
            "max_concurrent_runs": 1,
            "format": "MULTI_TASK",
            "queue": {"enabled": False},
            "tasks": [
                {
                    "task_key": "t",
                    "run_if": "ALL_SUCCESS",
                    "notebook_task": {"notebook_path": "/n", "source": "WORKSPACE"},
                    "timeout_seconds": 60,
                    "email_notifications": {},
                    "webhook_notifications": {},
                }
            ],
            "job_clusters": [
                {
                    "job_cluster_key": "main",
                    "new_cluster": {
                        "num_workers": 1,
                        "enable_elastic_disk": True,
                        "azure_attributes": {
                            "first_on_demand": 1,
                            "availability": "ON_DEMAND_AZURE",
                            "spot_bid_max_price": -1.0,
                        },
                    },
                }
            ],
        },
    }
    resource = Resource("databricks_job", "n", declared, {"id": "1"})
    observed = job.observed(answer)
    assert compare(job.desired(resource, str(observed["creator"])), observed, job.RULES) == []
    other = job.observed(answer | {"run_as_user_name": "eve@example.com"})
    assert [each.path for each in compare(job.desired(resource, "me@example.com"), other, job.RULES)] == ["run_as"]
