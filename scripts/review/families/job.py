"""Jobs: clock, tasks, retries, limits, clusters, identity, recipients."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scripts.review import clock
from scripts.review.families import compute
from scripts.review.fields import Difference, differences, first, value_words
from scripts.review.plan import Change
from scripts.review.story import Line, Story
from scripts.words import span

_TASK = re.compile(r"task\[(?P<key>.+?)\](?:\.(?P<field>.+))?")
_DEPENDS = re.compile(r"depends_on(?:\[(?P<key>.+)\]|\.task_key)?")
_CLUSTER = re.compile(r"job_cluster(?:\[(?P<key>.+?)\])?\.new_cluster\.(?P<field>.+)")


def describe(change: Change) -> Story:
    """Say what changes of a job."""
    if change.kind in ("destroyed", "forgotten"):
        return Story((Line(f"job {change.title} goes", "run-history" if change.kind == "destroyed" else ""),))
    if change.kind == "added":
        return Story(tuple(_added(change)))
    lines = []
    if change.kind == "replaced":
        because = f" because {', '.join(change.replaced_by)} cannot change in place" if change.replaced_by else ""
        lines.append(Line(f"job {change.title} is deleted and created again{because}", "run-history"))
    lines += _schedule(change.title, first(change.before.get("schedule")), first(change.after.get("schedule")))
    lines += _run_as(change.title, first(change.before.get("run_as")), first(change.after.get("run_as")))
    for each in differences(change.before, change.after):
        if not each.path.startswith(("schedule", "run_as")):
            lines.append(_line(change, each))
    return Story(tuple(lines))


def _added(change: Change) -> list[Line]:
    block = first(change.after.get("schedule"))
    tasks = change.after.get("task") or []
    names = ", ".join(str(task.get("task_key")) for task in tasks[:8]) + (", …" if len(tasks) > 8 else "")
    lines = [Line(f"job {change.title} with {len(tasks)} task{'' if len(tasks) == 1 else 's'}: {names}")]
    if clock.live(block):
        lines.append(Line(f"{change.title} starts {clock.spoken(block)}", "schedule-on"))
    elif clock.quartz_of(block)[0]:
        lines.append(Line(f"{change.title} has its schedule paused"))
    return lines


def _schedule(title: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    lines = []
    was, now = clock.spoken(before), clock.spoken(after)
    if was != now:
        same_zone = was.rpartition(" ")[2] == now.rpartition(" ")[2] and was.count(" ") == now.count(" ") == 1
        lines.append(Line(f"{title} starts {was.partition(' ')[0] if same_zone else was} → {now}", "schedule-moved"))
    if clock.live(after) and not clock.live(before):
        lines.append(Line(f"{title} is switched on: it starts by itself, {now}", "schedule-on"))
    if clock.live(before) and not clock.live(after):
        lines.append(Line(f"{title} is switched off: nothing starts it by the clock", "schedule-off"))
    return lines


def _line(change: Change, found: Difference) -> Line:
    if inside := _TASK.fullmatch(found.path):
        return _task(change, inside["key"], inside["field"] or "", found)
    if inside := _CLUSTER.fullmatch(found.path):
        return compute.sized(f"{change.title} cluster {inside['key'] or 'main'}", inside["field"], found)
    said = _FIELDS.get(found.path)
    return said(change.title, found) if said else Line(f"{change.title} {found.words}")


def _task(change: Change, key: str, field: str, found: Difference) -> Line:
    where = f"{change.title} task {key}"
    if not field:
        return Line(
            f"{where} is {'removed' if found.after is None else 'added'}", "task-removed" if not found.after else ""
        )
    if depends := _DEPENDS.fullmatch(field):
        return _depends(where, depends["key"] or "", found)
    said = _TASK_FIELDS.get(field)
    if said:
        return said(where, found)
    return Line(f"{where} {field}: {value_words(found.before)} → {value_words(found.after)}")


def _depends(where: str, key: str, found: Difference) -> Line:
    def named(value: Any) -> str:
        return str(value.get("task_key")) if isinstance(value, Mapping) else value_words(value)

    if found.before and found.after:
        return Line(f"{where} waits for {named(found.before)} → {named(found.after)}")
    if found.after:
        return Line(f"{where} waits for {key or named(found.after)} too")
    return Line(f"{where} waits for {key or named(found.before)} no more")


def _retries(where: str, found: Difference) -> Line:
    before, after = found.before or 0, found.after or 0
    if _fewer(before, after):
        return Line(f"{where} retries {before} → {after}", "retry-removed")
    return Line(f"{where} retries {before} → {'for ever' if after == -1 else after}")


def _fewer(before: Any, after: Any) -> bool:
    return isinstance(before, int) and isinstance(after, int) and after != -1 and (before == -1 or after < before)


def _timeout(where: str, found: Difference) -> Line:
    words = [span(each) if isinstance(each, int) and each else "none" for each in (found.before, found.after)]
    return Line(f"{where} timeout {words[0]} → {words[1]}", "" if found.after else "timeout-removed")


def _run_as(where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    was, now = (side.get("service_principal_name") or side.get("user_name") for side in (before, after))
    if was == now:
        return []
    return [Line(f"{where} runs as {was or 'whoever owns it'} → {now or 'whoever owns it'}", "run-as")]


def _recipients(where: str, found: Difference) -> Line:
    before, after = set(found.before or ()), set(found.after or ())
    gone, come = sorted(map(str, before - after)), sorted(map(str, after - before))
    event = found.path.partition(".")[2].replace("_", " ")
    parts = [f"{', '.join(gone)} no more"] if gone else []
    parts += [f"{', '.join(come)} from now on"] if come else []
    return Line(f"{where} mails {event}: {'; '.join(parts)}", "recipient-removed" if gone else "")


def _expected(where: str, found: Difference) -> Line:
    words = [span(each) if isinstance(each, int) else value_words(each) for each in (found.before, found.after)]
    return Line(f"{where} warns when a run takes longer than {words[0]} → {words[1]}")


def _queue(where: str, found: Difference) -> Line:
    return Line(f"{where} queues runs: {value_words(found.before)} → {value_words(found.after)}")


def _concurrent(where: str, found: Difference) -> Line:
    return Line(f"{where} runs at once: {value_words(found.before)} → {value_words(found.after)}")


_Said = Callable[[str, Difference], Line]
_TASK_FIELDS: Mapping[str, _Said] = {
    "max_retries": _retries,
    "timeout_seconds": _timeout,
}
_FIELDS: Mapping[str, _Said] = {
    "timeout_seconds": _timeout,
    "email_notifications.on_failure": _recipients,
    "email_notifications.on_success": _recipients,
    "email_notifications.on_start": _recipients,
    "email_notifications.on_duration_warning_threshold_exceeded": _recipients,
    "health.rules[RUN_DURATION_SECONDS].value": _expected,
    "queue.enabled": _queue,
    "max_concurrent_runs": _concurrent,
}
