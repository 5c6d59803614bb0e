"""Jobs as objects: create, get, list, reset, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import invalid, not_found
from local.jobs import destinations, paging, settings
from local.jobs.schedules import Schedules
from local.services import Services
from local.workspace import access
from local.workspace.call import Call
from local.workspace.clock import milliseconds

KIND = "job"
_PAGE = 20
_PAGE_LIMIT = 100
_FIRST_PAGE_ONLY = ("job_clusters", "parameters", "environments")
_DESTINATIONS = 3  # for one event


class JobObjects:
    """The jobs of a workspace; settings are echoed as they were sent."""

    def __init__(self, services: Services, schedules: Schedules) -> None:
        self._store = services.store
        self._user = services.user
        self._schedules = schedules

    def create(self, call: Call) -> dict[str, Any]:
        """Store a new job."""
        body = self._checked(call.body)
        with self._store.write():
            job_id = self._store.next_id("job")
            job = {"job_id": job_id, "creator_user_name": self._user, "created_time": milliseconds(), "settings": body}
            self._store.put(KIND, str(job_id), job)
        self._schedules.follow(job)
        return {"job_id": job_id}

    def get(self, call: Call) -> dict[str, Any]:
        """Return one job."""
        job = self.require(call.text("job_id"))
        return self._shown(job, settings.shown(job["settings"]))

    def get_page(self, call: Call) -> dict[str, Any]:
        """Return one job as API 2.2 does: a hundred tasks at a time."""
        job = self.get(call)
        start = number(call, "page_token", 0)
        body, following = paging.cut(job["settings"], "tasks", _FIRST_PAGE_ONLY, start)
        answer = {**job, "settings": body}
        return answer if following is None else {**answer, "has_more": True, "next_page_token": following}

    def list_jobs(self, call: Call) -> dict[str, Any]:
        """Return jobs, newest first, a page at a time."""
        name = call.optional("name")
        limit, offset = number(call, "limit", _PAGE), number(call, "offset", 0)
        if not 1 <= limit <= _PAGE_LIMIT:
            raise invalid(f"limit must be from 1 to {_PAGE_LIMIT}, not {limit}.")
        start = number(call, "page_token", offset)
        jobs, total = self._page(name, start, limit)
        answer: dict[str, Any] = {"has_more": start + limit < total}
        answer["jobs"] = [self._listed(job, call.flag("expand_tasks")) for job in jobs]
        if answer["has_more"]:
            answer["next_page_token"] = str(start + limit)
        if start:
            answer["prev_page_token"] = str(max(0, start - limit))
        return answer

    def _page(self, name: str | None, start: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Return some jobs and how many there are; a page of all does not read the others."""
        if name is None:
            return self._store.newest(KIND, start, limit), self._store.count(KIND)
        named = [job for _, job in reversed(self._store.list(KIND)) if _is_named(job, name)]
        return named[start : start + limit], len(named)

    def reset(self, call: Call) -> None:
        """Replace all settings; an omitted run_as stays, as on Databricks."""
        new = self._checked(call.mapping("new_settings"))
        with self._store.write():
            job = self.require(call.text("job_id"))
            if "run_as" in job["settings"]:
                new = {"run_as": job["settings"]["run_as"], **new}
            job = {**job, "settings": new}
            self._store.put(KIND, call.text("job_id"), job)
        self._schedules.follow(job)

    def update(self, call: Call) -> None:
        """Change some settings."""
        with self._store.write():
            job = self.require(call.text("job_id"))
            changes, remove = call.body.get("new_settings") or {}, call.body.get("fields_to_remove") or []
            new = self._checked(settings.updated(job["settings"], changes, remove))
            job = {**job, "settings": new}
            self._store.put(KIND, call.text("job_id"), job)
        self._schedules.follow(job)

    def delete(self, job_id: str) -> None:
        """Forget a job and its access list; its runs stay readable."""
        with self._store.write():
            self.require(job_id)
            self._store.delete(KIND, job_id)
            access.forget(self._store, KIND, job_id)
        self._schedules.forget(int(job_id))

    def require(self, job_id: str) -> dict[str, Any]:
        """Return a job as stored; refuse an unknown one."""
        job = self._store.get(KIND, job_id)
        if job is None:
            raise not_found(f"Job {job_id} does not exist.")
        return job

    def _checked(self, given: Mapping[str, Any]) -> settings.Settings:
        body = settings.normalised(given)
        for field, ids in settings.destinations(body):
            if len(ids) > _DESTINATIONS:
                raise invalid(f"{field} has at most {_DESTINATIONS} destinations, not {len(ids)}.")
            destinations.check(self._store, field, ids)
        for field, people in settings.addresses(body):
            destinations.check_addresses(field, people)
        for field, subscribed in settings.subscriptions(body):
            self._check_subscriptions(field, subscribed)
        return body

    def _check_subscriptions(self, field: str, subscribed: list[Mapping[str, Any]]) -> None:
        for item in subscribed:
            if bool(item.get("user_name")) == bool(item.get("destination_id")):
                raise invalid(f"{field}: each must have exactly one of user_name and destination_id.")
        destinations.check_addresses(field, [item["user_name"] for item in subscribed if item.get("user_name")])
        named = [item["destination_id"] for item in subscribed if item.get("destination_id")]
        destinations.check(self._store, field, named)

    def _shown(self, job: dict[str, Any], body: settings.Settings) -> dict[str, Any]:
        run_as = body.get("run_as") or {}
        name = run_as.get("user_name") or run_as.get("service_principal_name") or self._user
        return {**job, "run_as_user_name": name, "settings": body}

    def _listed(self, job: dict[str, Any], expand: bool) -> dict[str, Any]:
        body = settings.shown(job["settings"])
        body, following = paging.cut(body if expand else settings.without_details(body), "tasks", (), 0)
        shown = {key: value for key, value in self._shown(job, body).items() if key != "run_as_user_name"}
        return shown if following is None else {**shown, "has_more": True}


def number(call: Call, name: str, default: int) -> int:
    """Return a whole number of the body or the query."""
    text = call.optional(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise invalid(f"{name} must be a whole number, not '{text}'.")
    return int(text)


def _is_named(job: dict[str, Any], name: str) -> bool:
    return str(job["settings"]["name"]).lower() == name.lower()
