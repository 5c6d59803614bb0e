"""Runs: a job run with its graph and times, and one attempt of a task with what it left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from local.errors import ApiError, not_found
from local.jobs.graph import in_order
from local.jobs.ledger import JobRun, TaskRun
from local.pages.drawing import gantt, graph
from local.pages.history import History, error_of, is_broken, kind_of, run_url, said
from local.pages.notice import HEADERS
from local.pages.page import Page, Site, Visit
from local.pages.words import duration, state
from local.workspace.clock import milliseconds

# A notebook's own output: no script, no form, no way to reach our pages, whoever opens it.
_OUTPUT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; frame-ancestors 'self'"
)


def routes(site: Site, history: History, root: Path) -> list[Route]:
    """A run, a task run, its output and its dbt artifacts."""
    views = _Runs(history, root)
    path = "/jobs/{job_id}/runs/{run_id}"
    return [
        site.get(path, views.one),
        site.get(f"{path}/output.html", views.output),
        site.get(f"{path}/artifacts.tar.gz", views.artifacts),
    ]


class _Runs:
    def __init__(self, history: History, root: Path) -> None:
        self._history = history
        self._root = root

    def one(self, visit: Visit) -> Page:
        run, attempt = self._find(visit)
        return self._run(run) if attempt is None else self._task(run, attempt)

    def output(self, visit: Visit) -> Response:
        _, attempt = self._find(visit)
        path = None if attempt is None else self._folder(attempt) / "output.html"
        if path is None or not path.is_file():
            raise not_found(f"Run {visit.path['run_id']} has no notebook output.")
        headers = {**HEADERS, "Content-Security-Policy": _OUTPUT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return HTMLResponse(path.read_bytes(), headers=headers)

    def artifacts(self, visit: Visit) -> Response:
        _, attempt = self._find(visit)
        path = None if attempt is None else self._folder(attempt) / "artifacts.tar.gz"
        if path is None or not path.is_file():
            raise not_found(f"Run {visit.path['run_id']} has no dbt artifacts.")
        name = f"dbt-{visit.path['run_id']}.tar.gz"
        return FileResponse(path, media_type="application/gzip", filename=name, headers=HEADERS)

    def _find(self, visit: Visit) -> tuple[JobRun, TaskRun | None]:
        text = visit.path["run_id"]
        run_id = int(text) if text.isdecimal() and len(text) < 19 else 0
        attempt = self._history.ledger.task_run(run_id)
        run = self._history.ledger.job_run(attempt.job_run_id if attempt else run_id)
        if run is None or str(run.job_id) != visit.path["job_id"]:
            raise not_found(f"There is no run {text} of job {visit.path['job_id']}: it was deleted, or never existed.")
        return run, attempt

    def _run(self, run: JobRun) -> Page:
        attempts = self._history.ledger.task_runs(run.run_id)
        latest = {attempt.task_key: attempt for attempt in attempts}
        tasks = [task for task in in_order(run.settings.get("tasks") or []) if task["task_key"] in latest]
        now = milliseconds()
        content = {
            "run": run,
            "job": self._history.job(str(run.job_id)),
            "state": state(run),
            "causes": [{"attempt": one, "line": said(one)} for one in latest.values() if is_broken(one)],
            "root_cause": self._history.cause(run) if run.outcome else None,
            "parent": self._history.parent(run),
            "took": (run.ended or now) - (run.started or run.created),
            "graph": graph(_inside(tasks), {key: self._box(run, one, now) for key, one in latest.items()}),
            "rows": [self._row(latest[task["task_key"]], now) for task in tasks],
            "earlier": [one for one in attempts if latest[one.task_key].run_id != one.run_id],
            "gantt": gantt(
                attempts,
                {one.run_id: run_url(run.job_id, one.run_id) for one in attempts},
                now,
                {one.run_id: _took(one, now) for one in attempts},
            ),
        }
        return Page("run.html", f"{run.settings['name']}, run {run.run_id}", content, live=run.active)

    def _box(self, run: JobRun, attempt: TaskRun, now: int) -> tuple[Any, str, str]:
        return state(attempt), _took(attempt, now), run_url(run.job_id, attempt.run_id)

    def _row(self, attempt: TaskRun, now: int) -> dict[str, Any]:
        return {
            "attempt": attempt,
            "state": state(attempt),
            "kind": kind_of(attempt.task),
            "took": _took(attempt, now),
            "line": said(attempt),
            "child": self._history.child(attempt),
            "alert": self._history.alert(attempt),
        }

    def _task(self, run: JobRun, attempt: TaskRun) -> Page:
        folder = self._folder(attempt)
        loop = self._history.ledger.task_run(attempt.iteration_of) if attempt.iteration_of else None
        settings = {
            key: value for key, value in attempt.task.items() if key.endswith("_task") or key == "job_cluster_key"
        }
        child = self._history.child(attempt)
        content = {
            "run": run,
            "attempt": attempt,
            "state": state(attempt),
            "kind": kind_of(attempt.task),
            "took": _took(attempt, milliseconds()),
            "error": error_of(attempt),
            "trace": attempt.output.get("error_trace") or "",
            "result": (attempt.output.get("notebook_output") or {}).get("result"),
            "logs": attempt.output.get("logs") or _running_log(folder, attempt),
            "cut": attempt.output.get("logs_truncated", False),
            "has_output": (folder / "output.html").is_file(),
            "has_artifacts": (folder / "artifacts.tar.gz").is_file(),
            "rows": attempt.output.get("rows") or [],
            "child": child,
            "alert": self._history.alert(attempt),
            "child_cause": self._history.cause(child) if child else None,
            "settings": {**settings, **attempt.resolved},
            "others": self._others(attempt),
            "loop": loop,
            "iterations": [self._row(one, milliseconds()) for one in self._history.ledger.iterations(attempt.run_id)],
        }
        return Page("task.html", f"{attempt.task_key}, run {attempt.run_id}", content, live=attempt.active)

    def _others(self, attempt: TaskRun) -> list[TaskRun]:
        """Return all attempts at the same thing, when there are several."""
        ledger = self._history.ledger
        if attempt.iteration_of:
            made = [one for one in ledger.iterations(attempt.iteration_of) if one.input == attempt.input]
        else:
            made = [one for one in ledger.task_runs(attempt.job_run_id) if one.task_key == attempt.task_key]
        return made if len(made) > 1 else []

    def _folder(self, attempt: TaskRun) -> Path:
        return self._root / "runs" / str(attempt.run_id)


def _inside(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return tasks without dependencies on what this run leaves out."""
    keys = {task["task_key"] for task in tasks}
    return [
        {**task, "depends_on": [item for item in task.get("depends_on") or [] if item["task_key"] in keys]}
        for task in tasks
    ]


def _took(attempt: TaskRun, now: int) -> str:
    if not attempt.started or (attempt.ended and attempt.ended == attempt.started):
        return ""
    return duration((attempt.ended or now) - attempt.started)


def _running_log(folder: Path, attempt: TaskRun) -> str:
    path = folder / "dbt.log"
    if not attempt.active or not path.is_file():
        return ""
    try:
        return path.read_bytes()[-100_000:].decode(errors="replace")
    except OSError as error:
        raise ApiError(500, "INTERNAL_ERROR", f"cannot read {path.name} of run {attempt.run_id}: {error}") from None
