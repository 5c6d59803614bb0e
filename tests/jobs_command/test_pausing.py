"""`ecom jobs pause` and `unpause`: the clock, and who answers for its standing still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.environments import DEV, PROD
from scripts.errors import CommandError
from scripts.jobs import listing, pauses, pausing

pytestmark = pytest.mark.slow

SOON = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
CLOCK = {"quartz_cron_expression": "0 0 7 * * ?", "timezone_id": "UTC"}


def job(desk: Any, key: str, status: str = "UNPAUSED", environment: str = "prod") -> int:
    schedule = {**CLOCK, "pause_status": status}
    made: int = desk.job(key, desk.workspace.task("a"), environment=environment, schedule=schedule)
    return made


def status(desk: Any, job_id: int) -> str:
    settings = desk.workspace.client.jobs.get(job_id).settings
    assert settings.schedule.quartz_cron_expression == CLOCK["quartz_cron_expression"]
    return str(settings.schedule.pause_status.value)


def test_a_pause_is_recorded_and_ends_with_unpause(desk: Any) -> None:
    master = job(desk, "master_pipeline")
    session = desk.session("prod")
    assert pausing.pause(session, "master_pipeline", SOON, "moving the landing zone", dry_run=True) == 0
    assert status(desk, master) == "UNPAUSED"
    assert pauses.read(desk.workspace.client, PROD) == ()
    assert pausing.pause(desk.session("prod"), "master_pipeline", SOON, "moving the landing zone") == 0
    assert status(desk, master) == "PAUSED"
    (found,) = pauses.read(desk.workspace.client, PROD)
    assert (found.job, found.job_id, found.reason) == ("master_pipeline", master, "moving the landing zone")
    assert (found.who, found.until) == ("dev@example.com", SOON)
    assert not found.expired(datetime.now(UTC))
    assert listing.show(desk.session("prod")) == 0
    line = next(each for each in desk.answer["jobs"] if each["name"] == "master_pipeline")
    assert (line["next_run"], line["pause"]["reason"]) == ("paused", "moving the landing zone")
    assert listing.show(desk.session("prod", as_json=False)) == 0
    assert "by dev@example.com: moving the landing zone" in desk.out.getvalue()
    assert pausing.pause(desk.session("prod"), "master_pipeline", SOON, "still moving") == 0  # a newer reason
    assert [each.reason for each in pauses.read(desk.workspace.client, PROD)] == ["still moving"]
    assert pausing.unpause(desk.session("prod"), "master_pipeline") == 0
    assert status(desk, master) == "UNPAUSED"
    assert pauses.read(desk.workspace.client, PROD) == ()
    assert pausing.unpause(desk.session("prod", as_json=False), "master_pipeline") == 0
    assert "master_pipeline is not paused" in desk.out.getvalue()


def test_only_what_is_due_is_unpaused(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    master, weekly, gone = job(desk, "master_pipeline"), job(desk, "table_maintenance"), job(desk, "model_retraining")
    later = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds")
    pausing.pause(desk.session("prod"), "master_pipeline", SOON, "short")
    pausing.pause(desk.session("prod"), "model_retraining", SOON, "short, and the job goes meanwhile")
    pausing.pause(desk.session("prod"), "table_maintenance", later, "long")
    desk.workspace.client.jobs.delete(gone)
    assert pausing.unpause_due(desk.session("prod")) == 0
    assert desk.answer["unpaused"] == []
    monkeypatch.setattr(pauses, "now", lambda: datetime.now(UTC) + timedelta(days=4))
    assert pausing.unpause_due(desk.session("prod"), dry_run=True) == 0
    assert status(desk, master) == "PAUSED"
    assert pausing.unpause_due(desk.session("prod")) == 0
    assert desk.answer["unpaused"] == ["master_pipeline", "model_retraining"]
    assert (status(desk, master), status(desk, weekly)) == ("UNPAUSED", "PAUSED")
    assert [each.job for each in pauses.read(desk.workspace.client, PROD)] == ["table_maintenance"]


def test_where_schedules_are_off_nothing_is_switched_on(desk: Any) -> None:
    master = job(desk, "master_pipeline", "PAUSED", "dev")
    with pytest.raises(CommandError, match="stays paused: every schedule is off in environment 'dev'"):
        pausing.unpause(desk.session("dev"), "master_pipeline")
    with pytest.raises(CommandError, match="does not run by the clock: every schedule is off"):
        pausing.pause(desk.session("dev"), "master_pipeline", SOON, "why not")
    assert status(desk, master) == "PAUSED"
    # one that somebody switched on by hand may be paused, and that pause ended
    weekly = job(desk, "table_maintenance", "UNPAUSED", "dev")
    pausing.pause(desk.session("dev"), "table_maintenance", SOON, "somebody switched it on")
    assert [each.job for each in pauses.read(desk.workspace.client, DEV)] == ["table_maintenance"]
    assert pausing.unpause(desk.session("dev"), "table_maintenance") == 0
    assert status(desk, weekly) == "UNPAUSED"


def test_a_child_of_master_stays_paused_in_prod(desk: Any) -> None:
    job(desk, "bronze_ingestion", "PAUSED")
    with pytest.raises(CommandError, match="stays paused: in orchestration mode 'master' another job starts it"):
        pausing.unpause(desk.session("prod"), "bronze_ingestion")


@pytest.mark.parametrize(
    ("until", "reason", "said"),
    [
        ("tomorrow", "x", "--until 'tomorrow': expected a moment"),
        ("2020-01-01T00:00Z", "x", "has passed"),
        (SOON, " ", "--reason is empty"),
    ],
    ids=["no moment", "past", "no reason"],  # a time in a name would be another one in each worker
)
def test_a_pause_without_an_end_or_a_reason_is_refused(desk: Any, until: str, reason: str, said: str) -> None:
    master = job(desk, "master_pipeline")
    with pytest.raises(CommandError, match=said):
        pausing.pause(desk.session("prod"), "master_pipeline", until, reason)
    assert status(desk, master) == "UNPAUSED"


def test_a_job_without_a_clock_and_a_broken_record_are_told(desk: Any) -> None:
    desk.job("plain", desk.workspace.task("a"), environment="prod")
    with pytest.raises(CommandError, match="'plain' has no schedule"):
        pausing.pause(desk.session("prod"), "plain", SOON, "x")
    job(desk, "master_pipeline")
    pausing.pause(desk.session("prod"), "master_pipeline", SOON, "x")
    path = f"{PROD.workspace_root}/{pauses.FOLDER}/master_pipeline.json"
    desk.workspace.tree.write(path, "FILE", None, b"{}", overwrite=True)
    with pytest.raises(CommandError, match=r"master_pipeline\.json: is not a pause: .*; remove the file"):
        pausing.unpause(desk.session("prod"), "master_pipeline")
