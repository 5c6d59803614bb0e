"""Runs through the API: start, read, list, output, cancel, repair, export, delete."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from local.errors import ApiError, invalid, not_found
from local.jobs import paging, rendering
from local.jobs.ledger import JobRun, TaskRun
from local.jobs.objects import number
from local.jobs.orchestrator import Orchestrator
from local.jobs.requests import RepairRequest, RunRequest
from local.services import Services
from local.workspace.call import Call

_OVERRIDES = ("notebook_params", "sql_params", "dbt_commands")
_NOT_HERE = ("jar_params", "python_params", "python_named_params", "spark_submit_params", "pipeline_params")
_PAGE = 20
_PAGE_LIMIT = 25
_TOKEN_LIMIT = 64
_FIRST_PAGE_ONLY = ("job_clusters", "job_parameters", "repair_history")


class Runs:
    """The handlers of runs; each checks its request, then asks the orchestrator or its ledger."""

    def __init__(self, services: Services, jobs: Orchestrator) -> None:
        self._services = services
        self._jobs = jobs
        self._ledger = jobs.ledger
        self._base_url = services.base_url

    def run_now(self, call: Call) -> dict[str, Any]:
        """Start a run."""
        token = call.optional("idempotency_token")
        if token and len(token) > _TOKEN_LIMIT:
            raise invalid(f"idempotency_token has at most {_TOKEN_LIMIT} characters, not {len(token)}.")
        queue = call.body.get("queue")
        request = RunRequest(
            parameters=_texts(call, "job_parameters"),
            overrides=_overrides(call),
            only=_keys(call, "only"),
            token=token,
            queue=None if queue is None else bool(queue.get("enabled")),
        )
        run = self._jobs.run_now(_id(call, "job_id"), request)
        return {"run_id": run.run_id, "number_in_job": run.run_id}

    def get(self, call: Call) -> dict[str, Any]:
        """Return a run with the latest attempt of each task; all attempts and repairs when history is asked for."""
        run, attempt = self._find(_id(call, "run_id"))
        if attempt is not None:
            return self._shown_task(run, attempt)
        attempts = self._ledger.task_runs(run.run_id)
        shown = self._shown(run, attempts if call.flag("include_history") else self._latest(run))
        if call.flag("include_history"):
            shown["repair_history"] = rendering.repair_history(run, attempts)
        return shown

    def get_page(self, call: Call) -> dict[str, Any]:
        """Return a run as API 2.2 does: a hundred tasks, or iterations of a loop, at a time."""
        body = self.get(call)
        name = "iterations" if "iterations" in body else "tasks"
        shown, following = paging.cut(body, name, _FIRST_PAGE_ONLY, number(call, "page_token", 0))
        return shown if following is None else {**shown, "next_page_token": following}

    def list_runs(self, call: Call) -> dict[str, Any]:
        """Return runs, newest first, a page at a time; a page token is the last run id of the page before."""
        limit = number(call, "limit", _PAGE)
        if not 1 <= limit <= _PAGE_LIMIT:
            raise invalid(f"limit must be from 1 to {_PAGE_LIMIT}, not {limit}.")
        if call.flag("active_only") and call.flag("completed_only"):
            raise invalid("active_only and completed_only cannot both be true.")
        found = list(islice(self._filtered(call), number(call, "offset", 0), limit + 1 + number(call, "offset", 0)))
        page, more = found[:limit], len(found) > limit
        expand = call.flag("expand_tasks")
        answer: dict[str, Any] = {"has_more": more}
        answer["runs"] = [self._expanded(run) if expand else rendering.job_run(run, self._base_url) for run in page]
        if more:
            answer["next_page_token"] = str(page[-1].run_id)
        return answer

    def output(self, call: Call) -> dict[str, Any]:
        """Return what one task run left behind."""
        run, attempt = self._find(_id(call, "run_id"))
        if attempt is None:
            latest = self._latest(run)
            if len(latest) != 1:
                raise invalid(
                    "Retrieving the output of runs with multiple tasks is not supported."
                    " Please retrieve the output of each individual task run instead."
                )
            attempt = latest[0]
        return rendering.output(run, attempt, self._base_url)

    def cancel(self, call: Call) -> None:
        """Ask a run or one attempt to end; returns before it has."""
        self._jobs.cancel(_id(call, "run_id"))

    def cancel_all(self, call: Call) -> None:
        """Cancel the active runs of a job, or every queued run."""
        job_id = _id(call, "job_id") if call.optional("job_id") else None
        if job_id is None and not call.flag("all_queued_runs"):
            raise invalid("Missing required field: job_id")
        if job_id is not None and self._services.store.get("job", str(job_id)) is None:
            raise not_found(f"Job {job_id} does not exist.")
        self._jobs.cancel_all(job_id, only_queued=call.flag("all_queued_runs"))

    def repair(self, call: Call) -> dict[str, Any]:
        """Run tasks of an ended run again."""
        request = RepairRequest(
            tasks=_keys(call, "rerun_tasks"),
            all_failed=call.flag("rerun_all_failed_tasks"),
            dependents=call.flag("rerun_dependent_tasks"),
            latest_repair_id=number(call, "latest_repair_id", 0),
            parameters=_texts(call, "job_parameters") if "job_parameters" in call.body else None,
            overrides=_overrides(call),
        )
        return {"repair_id": self._jobs.repair(_id(call, "run_id"), request)}

    def export(self, call: Call) -> dict[str, Any]:
        """Return the rendered notebook of a task run."""
        run, attempt = self._find(_id(call, "run_id"))
        if attempt is None and len(self._latest(run)) == 1:
            attempt = self._latest(run)[0]
        if attempt is None or "notebook_task" not in attempt.task:
            raise invalid("Only the run of a notebook task can be exported.")
        path = self._services.root / "runs" / str(attempt.run_id) / "output.html"
        if not path.is_file():
            raise not_found(f"Run {attempt.run_id} has no output to export.")
        name = attempt.task["notebook_task"]["notebook_path"].rsplit("/", 1)[-1]
        return {"views": [{"type": "NOTEBOOK", "name": name, "content": path.read_text()}]}

    def delete(self, call: Call) -> None:
        """Forget a run that has ended."""
        run, attempt = self._find(_id(call, "run_id"))
        if attempt is not None:
            raise invalid(f"Run {attempt.run_id} is the run of a task; delete its job run {run.run_id}.")
        if run.active:
            raise ApiError(400, "INVALID_STATE", f"Run {run.run_id} is still active; cancel it first.")
        self._ledger.delete(run)

    def _filtered(self, call: Call) -> Iterator[JobRun]:
        active = True if call.flag("active_only") else False if call.flag("completed_only") else None
        job_id = _id(call, "job_id") if call.optional("job_id") else None
        first, last = number(call, "start_time_from", 0), number(call, "start_time_to", 2**62)
        kind = call.optional("run_type")
        if kind not in (None, "JOB_RUN"):
            return
        for run in self._ledger.job_runs(job_id, active, number(call, "page_token", 2**62)):
            if first <= (run.started or run.created) <= last:
                yield run

    def _find(self, run_id: int) -> tuple[JobRun, TaskRun | None]:
        attempt = self._ledger.task_run(run_id)
        run = self._ledger.job_run(attempt.job_run_id if attempt else run_id)
        if run is None:
            raise not_found(f"Run {run_id} does not exist.")
        return run, attempt

    def _latest(self, run: JobRun) -> list[TaskRun]:
        return list(self._ledger.latest(run.run_id).values())

    def _shown_task(self, run: JobRun, attempt: TaskRun) -> dict[str, Any]:
        task = rendering.task_run(run, attempt, self._base_url)
        body = {**rendering.job_run(run, self._base_url), **task, "job_run_id": run.run_id}
        if "for_each_task" in attempt.task:
            made = self._ledger.iterations(attempt.run_id)
            body["iterations"] = [rendering.task_run(run, item, self._base_url) for item in made]
            body["tasks"] = [task]
        return body

    def _expanded(self, run: JobRun) -> dict[str, Any]:
        shown, following = paging.cut(self._shown(run, self._latest(run)), "tasks", (), 0)
        return shown if following is None else {**shown, "has_more": True}

    def _shown(self, run: JobRun, attempts: list[TaskRun]) -> dict[str, Any]:
        tasks = [rendering.task_run(run, attempt, self._base_url) for attempt in attempts]
        return {**rendering.job_run(run, self._base_url), "tasks": tasks}


def _id(call: Call, name: str) -> int:
    text = call.text(name)
    if not text.isdecimal():
        raise invalid(f"{name} must be a whole number, not '{text}'.")
    return int(text)


def _texts(call: Call, name: str) -> dict[str, str]:
    value = call.body.get(name) or {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid(f"{name} must be an object of strings.")
    return value


def _keys(call: Call, name: str) -> list[str]:
    value = call.body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"{name} must be a list of task keys.")
    return value


def _overrides(call: Call) -> dict[str, Any]:
    refused = [name for name in _NOT_HERE if call.body.get(name)]
    if refused:
        raise invalid(f"{refused[0]} is not supported: the local workspace runs no task that takes it.")
    return {name: call.body[name] for name in _OVERRIDES if call.body.get(name)}
