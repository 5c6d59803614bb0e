"""Jobs: all of them with their next runs, and one with its tasks and runs."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from local.errors import not_found
from local.jobs.graph import in_order
from local.jobs.settings import shown
from local.pages.drawing import graph
from local.pages.history import History, Job, depends, kind_of, run_url
from local.pages.page import Page, Site, Visit
from local.pages.words import State, state
from local.workspace.clock import milliseconds

_STRIP = 12  # runs in the strip beside a job
_PAGE = 25


def routes(site: Site, history: History) -> list[Route]:
    """The list and one job."""
    views = _Jobs(history)
    return [site.get("/jobs", views.listing), site.get("/jobs/{job_id}", views.one)]


class _Jobs:
    def __init__(self, history: History) -> None:
        self._history = history

    def listing(self, _: Visit) -> Page:
        rows = [self._row(job) for job in self._history.jobs()]
        # What is wrong first, then what comes next.
        rows.sort(key=lambda row: (not row["state"].bad, row["due"] or 2**62))
        return Page("jobs.html", "Jobs", {"rows": rows, "now": milliseconds()})

    def _row(self, job: Job) -> dict[str, Any]:
        runs = self._history.recent(job.job_id, _STRIP)
        last = runs[0] if runs else None
        strip = [{"url": run_url(run.job_id, run.run_id), "state": state(run), "run": run} for run in reversed(runs)]
        return {"job": job, "due": job.due, "last": last, "state": state(last), "strip": strip}

    def one(self, visit: Visit) -> Page:
        job = self._history.job(visit.path["job_id"])
        if job is None:
            raise not_found(f"There is no job {visit.path['job_id']}: it was deleted, or never existed.")
        text = visit.query.get("before", "")
        before = int(text) if text.isdecimal() and len(text) < 19 else 2**62
        runs = self._history.recent(job.job_id, _PAGE + 1, before)
        content = {
            "job": job,
            "due": job.due,
            "failing": self._history.failing(job),
            "runs": runs[:_PAGE],
            "older": runs[_PAGE - 1].run_id if len(runs) > _PAGE else None,
            "paged": before < 2**62,
            "count": self._history.ledger.count(job.job_id),
            "settings": shown(job.settings),
            **_tasks(job),
        }
        return Page("job.html", job.name, content, live=any(run.active for run in runs))


def _tasks(job: Job) -> dict[str, Any]:
    tasks = in_order(job.settings.get("tasks") or [])
    plain = State("", "none")
    drawn = graph(tasks, {task["task_key"]: (plain, kind_of(task), f"#task-{task['task_key']}") for task in tasks})
    rows = [
        {"task": task, "kind": kind_of(task), "what": _what(task), "depends": ", ".join(depends(task))}
        for task in tasks
    ]
    return {"graph": drawn, "tasks": rows}


def _what(task: dict[str, Any]) -> tuple[str, str]:
    """Return what a task runs, and where to read it."""
    if "notebook_task" in task:
        path = task["notebook_task"]["notebook_path"]
        return path, f"/files{path.removeprefix('/Workspace')}"
    if "dbt_task" in task:
        return " && ".join(task["dbt_task"].get("commands") or []), ""
    if "run_job_task" in task:
        job_id = task["run_job_task"]["job_id"]
        return f"job {job_id}", f"/jobs/{job_id}"
    if "for_each_task" in task:
        loop = task["for_each_task"]
        return f"{kind_of(loop.get('task') or {})} for each of {loop.get('inputs')}", ""
    if "condition_task" in task:
        condition = task["condition_task"]
        return f"{condition.get('left')} {condition.get('op')} {condition.get('right')}", ""
    sql = task.get("sql_task") or {}
    if "query" in sql:
        return f"query {sql['query']['query_id']}", f"/queries/{sql['query']['query_id']}"
    if "alert" in sql:
        return f"alert {sql['alert']['alert_id']}", f"/alerts/{sql['alert']['alert_id']}"
    if "file" in sql:
        return sql["file"]["path"], f"/files{sql['file']['path'].removeprefix('/Workspace')}"
    return "", ""
