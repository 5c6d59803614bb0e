"""What has to run again after a failure: pure decisions over a run and the runs below it.

The Jobs API repairs one run: its failed tasks run again, those that succeeded stay. A failed run_job task is one task
to it, though: repairing the parent starts a *new* run of the child, and everything that had succeeded in there runs
once more. Repairing the child run by itself reruns only what failed in it, but nothing tells the parent: its task
stays FAILED, so a repair of the tasks behind it would find them held up by it again.

So we go from the deepest failed run upwards. Where only tasks of its own failed, a run is repaired in place. Where a
child was mended, its parent's task is done in all but name; what is left of the parent is started as a new run of the
parent's job restricted to those tasks (`only` of run-now), where a task that was not asked for holds up nothing. The
history then shows the failed run, the repaired child, and the run that went on from there.

What that cannot do is hand over task values: a task that refers to `{{tasks.<task>…}}` of a task that does not run
again would read nothing. Such a repair is refused; `--whole` is the API's own repair of the parent, children anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from databricks.sdk.service.jobs import RunLifeCycleState, RunTask

from scripts.errors import CommandError
from scripts.jobs.outcome import GOOD, HELD_UP, UNHARMED, word
from scripts.jobs.tree import Node

TOKEN_CHARACTERS = 64  # the Jobs API takes no longer idempotency token


@dataclass(frozen=True)
class Step:
    """One call: `repair` a run in place, or `continue` its job in a new run; `tasks` run again, of job `job_id`.

    `path` is that of the run_job task that started the run, empty for the run that was named.
    """

    how: Literal["repair", "continue"]
    run_id: int
    job_id: int
    path: str
    tasks: tuple[str, ...]
    token: str = ""


def plan(node: Node, whole: bool = False) -> list[Step]:
    """Return the steps that rerun only what failed, deepest first; CommandError when there is nothing to mend."""
    if going := [each.run_id for each in node.family() if each.active]:
        raise CommandError(f"Run {going[0]} is still going: ecom jobs wait {going[0]}, or ecom jobs cancel it first.")
    if word(node.run) == "SUCCESS":
        raise CommandError(f"Run {node.run_id} succeeded: there is nothing to repair.")
    steps = [_in_place(node, "", _broken(node))] if whole else _steps(node, "")
    if not steps or not any(step.tasks for step in steps):
        raise CommandError(
            f"Run {node.run_id} ended with {word(node.run)}, but no task of it failed: run the job anew."
        )
    return steps


def _steps(node: Node, path: str) -> list[Step]:
    steps: list[Step] = []
    mended = []
    for task in node.tasks:
        child = node.children.get(task.task_key)
        if child is None or not _failed(task) or not _repairable(child):
            continue
        if word(child.run) not in GOOD:  # else it was mended before, alone
            steps += _steps(child, f"{path}{task.task_key}/")
        mended.append(task.task_key)
    again = _broken(node)
    if not mended:
        return [_in_place(node, path, again)]
    rest = tuple(key for key in again if key not in mended)
    if rest:
        _require_no_values(node, rest)
        steps.append(Step("continue", node.run_id, node.run.job_id or 0, path, rest, _token(node, rest)))
    return steps


def _in_place(node: Node, path: str, tasks: tuple[str, ...]) -> Step:
    return Step("repair", node.run_id, node.run.job_id or 0, path, tasks)


def _broken(node: Node) -> tuple[str, ...]:
    """Return the tasks that failed, those that a failure held up, and those that were excluded behind one."""
    broken = {task.task_key for task in node.tasks if _failed(task) or _result(task) in HELD_UP}
    grown = True
    while grown:
        behind = {
            task.task_key
            for task in node.tasks
            if _result(task) == "EXCLUDED" and any(each.task_key in broken for each in task.depends_on or [])
        } - broken
        broken |= behind
        grown = bool(behind)
    return tuple(task.task_key for task in node.tasks if task.task_key in broken)


def _failed(task: RunTask) -> bool:
    return _result(task) not in UNHARMED | HELD_UP


def _result(task: RunTask) -> str:
    state = task.state
    found = (state.result_state or state.life_cycle_state) if state else None
    return found.value if found else ""


def _repairable(child: Node) -> bool:
    """A child that was skipped never ran; there is nothing in it to repair, the parent starts it anew."""
    return child.run.state is not None and child.run.state.life_cycle_state is not RunLifeCycleState.SKIPPED


def _require_no_values(node: Node, rest: Sequence[str]) -> None:
    for task in node.tasks:
        if task.task_key not in rest:
            continue
        written = json.dumps(task.as_dict())
        for other in node.tasks:
            if other.task_key not in rest and f"{{{{tasks.{other.task_key}." in written:
                raise CommandError(
                    f"Task {task.task_key!r} of run {node.run_id} reads values of {other.task_key!r}, which would not"
                    f" run again: ecom jobs repair {node.run_id} --whole runs failed child jobs from their start."
                )


def _token(node: Node, rest: Sequence[str]) -> str:
    """The same attempts give the same token: asking twice starts one run, failing anew allows another."""
    attempts = [f"{task.task_key}:{task.run_id}" for task in node.tasks if task.task_key in rest]
    text = f"{node.run_id} {' '.join(sorted(attempts))}"
    return f"repair-{hashlib.sha256(text.encode()).hexdigest()}"[:TOKEN_CHARACTERS]
