"""Who and when: by rows of an audit log, or unknown."""

from __future__ import annotations

import json

from scripts.answers import Answer, Column
from scripts.drift import audit
from scripts.drift.findings import UNKNOWN, Finding, Proposal

COLUMNS = tuple(Column(name, "STRING") for name in ("event_time", "who", "service_name", "action_name", "parameters"))


def _finding(
    kind: str = "changed", ids: tuple[str, ...] = ("1001",), of: str = "databricks_job", path: str = "x"
) -> Finding:
    return Finding(
        kind=kind,  # type: ignore[arg-type]
        address=f"{of}.main",
        path=path,
        declared=1,
        actual=None if path == "published" else 2,
        severity="low",
        proposal=Proposal("", ""),
        ids=frozenset(ids),
        object_type=of,
    )


def _row(when: str, who: str | None, service: str, action: str, **parameters: str) -> tuple[str | None, ...]:
    return (f"2026-06-30T{when}:00Z", who, service, action, json.dumps(parameters))


def _who(finding: Finding, *rows: tuple[str | None, ...]) -> tuple[str, str]:
    found, problem = audit.attribute([finding], lambda _: Answer(COLUMNS, rows))
    assert problem == ""
    return found[0].who, found[0].when


def test_the_newest_write_to_the_object() -> None:
    rows = (
        _row("07:00", "ann@example.com", "jobs", "update", job_id="1001"),
        _row("08:00", "eve@example.com", "jobs", "reset", job_id="1001"),
        _row("09:00", "bob@example.com", "jobs", "reset", job_id="1002"),
        _row("09:30", "bob@example.com", "jobs", "runNow", job_id="1001"),
        _row("09:40", "bob@example.com", "jobs", "get", job_id="1001"),
        _row("09:50", None, "jobs", "update", job_id="1001"),
        _row("09:55", "bob@example.com", "clusters", "edit", cluster_id="1001"),
    )
    assert _who(_finding(), *rows) == ("eve@example.com", "2026-06-30T08:00:00Z")


def test_access_is_changed_by_another_action() -> None:
    rows = (
        _row("07:00", "ann@example.com", "jobs", "changeJobAcl", resourceId="/jobs/1001"),
        _row("08:00", "eve@example.com", "jobs", "update", job_id="1001"),
    )
    assert _who(_finding("permission"), *rows)[0] == "ann@example.com"
    assert _who(_finding(), *rows)[0] == "eve@example.com"


def test_what_is_gone_was_deleted_and_what_is_there_was_not() -> None:
    rows = (
        _row("07:00", "ann@example.com", "jobs", "delete", job_id="1001"),
        _row("08:00", "eve@example.com", "jobs", "update", job_id="1001"),
    )
    assert _who(_finding("missing"), *rows)[0] == "ann@example.com"
    assert _who(_finding(), rows[0])[0] == UNKNOWN
    gone = _finding(ids=("d1",), of="databricks_dashboard", path="published")
    assert _who(gone, _row("07:00", "ann", "dashboards", "unpublishDashboard", dashboard_id="d1"))[0] == "ann"


def test_nothing_known_is_unknown() -> None:
    assert _who(_finding()) == (UNKNOWN, UNKNOWN)


def test_a_log_that_does_not_answer_is_said_once() -> None:
    found, problem = audit.attribute([_finding()], lambda _: Answer(problem="no such table"))
    assert found[0].who == UNKNOWN
    assert problem == "who and when are unknown, the audit log does not answer: no such table"


def test_names_cannot_leave_their_quotes() -> None:
    text = audit.statement(["/Shared/it's", "a\\b"])
    assert "'/Shared/it\\'s'" in text
    assert "'a\\\\b'" in text


def test_nothing_to_ask_asks_nothing() -> None:
    def ask(_: str) -> Answer:
        raise AssertionError

    assert audit.attribute([], ask) == ([], "")
