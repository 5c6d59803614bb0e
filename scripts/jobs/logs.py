"""`ecom jobs logs`: what the tasks of a run left behind, children included, latest attempts only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.jobs import RunOutput, RunTask
from rich.rule import Rule

from scripts.connection import first_line
from scripts.console import say
from scripts.errors import CommandError
from scripts.jobs import names, tree
from scripts.session import Session, asking

Log = dict[str, Any]

_TITLES = (
    ("problem", "not readable"),
    ("result", "result"),
    ("logs", "output"),
    ("info", "info"),
    ("sql_output", "sql"),
    ("child_run_id", "started run"),
    ("error", "error"),
    ("error_trace", "trace"),
)


def logs(session: Session, said: str, task: str | None) -> int:
    """Print output, error and trace of each task, or of those whose key or path is `task`."""
    with asking(session.client):
        run_id = names.run_id(session.client, session.env, said)
        node = tree.read(session.client, run_id)
        chosen = chosen_tasks(node, task)
        found = [log(path, each, _output(session, each)) for path, each in chosen]
    if session.as_json:
        session.answer({"environment": session.env.name, "run_id": node.run_id, "tasks": found})
        return 0
    for each in found:
        session.out.print(Rule(f"{each['task']} · {each['state']} · run {each['run_id']}", align="left"))
        for text in lines(each):
            say(session.out, text)
    return 0


def chosen_tasks(node: tree.Node, task: str | None) -> list[tuple[str, RunTask]]:
    """Return the tasks with something of their own to show; a named one brings those below it along."""
    every = list(node.walk())
    if task is None:
        return [(path, each) for path, each in every if not each.run_job_task or path_is_leaf(path, every)]
    named = [path for path, each in every if task in (path, each.task_key)]
    if not named:
        raise CommandError(f"--task {task!r}: run {node.run_id} has: {', '.join(path for path, _ in every)}.")
    return [(p, each) for p, each in every if any(p == name or p.startswith(f"{name}/") for name in named)]


def path_is_leaf(path: str, every: list[tuple[str, RunTask]]) -> bool:
    """Return whether no other task is below this path."""
    return not any(other.startswith(f"{path}/") for other, _ in every)


def log(path: str, task: RunTask, output: RunOutput | str) -> Log:
    """Return what one attempt left behind; `problem` says why that could not be read."""
    state = task.state
    word = (state.result_state or state.life_cycle_state) if state else None
    entry: Log = {
        "task": path,
        "run_id": task.run_id,
        "attempt": (task.attempt_number or 0) + 1,
        "state": word.value if word else "PENDING",
        "message": (state.state_message or "") if state else "",
    }
    if isinstance(output, str):
        return {**entry, "problem": output}
    notebook, sql, child = output.notebook_output, output.sql_output, output.run_job_output
    said = {
        "result": notebook.result if notebook else None,
        "result_truncated": bool(notebook and notebook.truncated),
        "logs": output.logs,
        "logs_truncated": bool(output.logs_truncated),
        "error": output.error,
        "error_trace": output.error_trace,
        "info": output.info,
        "sql_output": sql.as_dict() if sql else None,
        "child_run_id": child.run_id if child else None,
        "dbt_artifacts": output.dbt_output is not None,
    }
    return {**entry, **{name: value for name, value in said.items() if value}}


def lines(entry: Log) -> Iterator[str]:
    """Yield the texts of an entry as people read them."""
    if set(entry) <= {"task", "run_id", "attempt", "state", "message"}:
        yield entry["message"] or "(nothing)"
    for name, title in _TITLES:
        if name not in entry:
            continue
        yield f"{title}:\n{str(entry[name]).rstrip()}"
        if entry.get(f"{name}_truncated"):
            yield f"({title} is cut by the workspace: the whole of it is on the page of run {entry['run_id']})"
    if entry.get("dbt_artifacts"):
        yield "(dbt left its artifacts: manifest and run results are on the page of the run)"


def _output(session: Session, task: RunTask) -> RunOutput | str:
    if not task.run_id or not task.start_time:
        return RunOutput()
    try:
        return session.client.jobs.get_run_output(task.run_id)
    except DatabricksError as problem:
        return first_line(problem)
