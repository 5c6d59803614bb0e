"""run_if: what each condition makes of each mix of upstream results."""

from __future__ import annotations

from typing import Any

import pytest
from jobs_harness import Workspace, results

from local.jobs import graph
from local.jobs.states import Outcome

OK, BAD, LATE, STOP, SKIP, OFF = "SUCCESS", "FAILED", "TIMEDOUT", "CANCELED", "EXCLUDED", "DISABLED"
UP_BAD, UP_STOP, RUN = "UPSTREAM_FAILED", "UPSTREAM_CANCELED", "run"

MATRIX: dict[tuple[str, ...], tuple[str, str, str, str, str, str]] = {
    # upstream:    ALL_SUCCESS AT_LEAST_ONE_SUCCESS NONE_FAILED ALL_DONE AT_LEAST_ONE_FAILED ALL_FAILED
    (): (RUN, RUN, RUN, RUN, RUN, RUN),
    (OFF,): (RUN, RUN, RUN, RUN, RUN, RUN),
    (OK, OK): (RUN, RUN, RUN, RUN, SKIP, SKIP),
    (OK, BAD): (UP_BAD, RUN, UP_BAD, RUN, RUN, SKIP),
    (OK, LATE): (UP_BAD, RUN, UP_BAD, RUN, RUN, SKIP),
    (OK, UP_BAD): (UP_BAD, RUN, UP_BAD, RUN, RUN, SKIP),
    (BAD, BAD): (UP_BAD, UP_BAD, UP_BAD, RUN, RUN, RUN),
    (OK, STOP): (UP_STOP, RUN, UP_STOP, RUN, RUN, SKIP),
    (STOP, UP_STOP): (UP_STOP, UP_STOP, UP_STOP, RUN, RUN, RUN),
    (BAD, STOP): (UP_BAD, UP_BAD, UP_BAD, RUN, RUN, RUN),
    (OK, SKIP): (SKIP, RUN, RUN, RUN, SKIP, SKIP),
    (SKIP, SKIP): (SKIP, SKIP, SKIP, RUN, SKIP, SKIP),
    (BAD, SKIP): (UP_BAD, UP_BAD, UP_BAD, RUN, RUN, SKIP),
}
CONDITIONS = ("ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED")


@pytest.mark.parametrize("upstream", MATRIX, ids="-".join)
def test_run_if(upstream: tuple[str, ...]) -> None:
    results = {f"u{number}": result for number, result in enumerate(upstream)}
    depends_on = [{"task_key": key} for key in results]
    seen = []
    for run_if in CONDITIONS:
        outcome = graph.verdict({"task_key": "t", "run_if": run_if, "depends_on": depends_on}, results, {})
        seen.append(outcome.result if outcome else RUN)
    assert tuple(seen) == MATRIX[upstream]
    assert set(CONDITIONS) == graph.RUN_IF


@pytest.mark.parametrize(
    ("run_if", "expected"),
    [
        ("ALL_SUCCESS", UP_BAD),
        ("AT_LEAST_ONE_SUCCESS", OK),
        ("NONE_FAILED", UP_BAD),
        ("ALL_DONE", OK),
        ("AT_LEAST_ONE_FAILED", OK),
        ("ALL_FAILED", SKIP),
    ],
)
def test_run_if_in_a_run(shared: Workspace, run_if: str, expected: str) -> None:
    tasks = [shared.task("ok"), shared.task("bad", fail_times=9), shared.task("t", ["bad", "ok"], {"run_if": run_if})]
    run = shared.ended(shared.start(*tasks))
    assert results(run) == {"ok": OK, "bad": BAD, "t": expected}
    assert (
        run.state.result_state.value
        == {OK: "SUCCESS_WITH_FAILURES", UP_BAD: BAD, SKIP: "SUCCESS_WITH_FAILURES"}[expected]
    )


def task(key: str, *after: str) -> dict[str, Any]:
    return {"task_key": key, "depends_on": [{"task_key": name} for name in after]}


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({"a": OK, "b": OK}, "SUCCESS"),
        ({"a": BAD, "b": OK}, "SUCCESS_WITH_FAILURES"),
        ({"a": BAD, "b": UP_BAD}, "FAILED"),
        ({"a": LATE, "b": UP_BAD}, "FAILED"),
        ({"a": STOP, "b": UP_STOP}, "CANCELED"),
        ({"a": OK, "b": SKIP}, "SUCCESS"),
        ({"a": BAD, "b": OFF}, "FAILED"),
        ({"a": OK, "b": UP_BAD}, "FAILED"),
    ],
)
def test_leaves_decide_a_run(outcomes: dict[str, str], expected: str) -> None:
    told = {key: Outcome(result) for key, result in outcomes.items()}
    assert graph.rollup([task("a"), task("b", "a")], told).result == expected


def test_what_a_repair_runs_again() -> None:
    tasks = [task("a"), task("b", "a"), task("c", "b"), task("x"), task("y", "x")]
    results = {"a": BAD, "b": UP_BAD, "c": SKIP, "x": OK, "y": OK}
    assert graph.to_rerun(tasks, results, [], True, False) == {"a", "b", "c"}
    assert graph.to_rerun(tasks, results, ["x"], False, False) == {"x"}
    assert graph.to_rerun(tasks, results, ["x"], False, True) == {"x", "y"}
    assert graph.to_rerun([*tasks, task("new")], results, ["x"], False, False) == {"x", "new"}
