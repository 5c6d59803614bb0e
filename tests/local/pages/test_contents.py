"""What pages show of whatever the workspace holds: hostile text as text, secrets never, missing fields as nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from local.jobs.ledger import TaskRun
from local.jobs.states import Outcome
from tests.local.pages.house import NOON, House

EVIL = "<script>alert(1)</script>'\"&<img src=x onerror=alert(2)>"
SECRET = "correct-horse-battery-staple"


def create(pages: House, path: str, body: dict[str, Any], key: str = "id") -> str:
    answer = pages.api().post(path, json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json().get(key, ""))


def monitoring(pages: House) -> dict[str, str]:
    """Put the evil text into what watches and shows data; return what each page is."""
    query = {"display_name": EVIL, "description": EVIL, "query_text": f"select '{EVIL}'"}
    query_id = create(pages, "/api/2.0/sql/queries", {"query": query})
    threshold = {"threshold": {"value": {"string_value": EVIL}}}
    words = {"query_text": EVIL, "custom_summary": EVIL, "custom_description": EVIL}
    alert_id = pages.put_alert(EVIL, EVIL, "EQUAL", evaluation=threshold, **words)
    value = {"value": {"string_value": EVIL}}
    condition = {"op": "EQUAL", "operand": {"column": {"name": EVIL}}, "threshold": value}
    legacy = {"display_name": EVIL, "query_id": query_id, "condition": condition, "custom_subject": EVIL}
    legacy_id = create(pages, "/api/2.0/sql/alerts", {"alert": legacy | {"custom_body": EVIL}})
    text = {"widget": {"name": "w", "multilineTextboxSpec": {"lines": [EVIL, "\n\n[go](javascript:alert(3))"]}}}
    broken = {"widget": {"name": "b", "spec": {"widgetType": EVIL, "frame": {"showTitle": True, "title": EVIL}}}}
    place = {"position": {"x": 0, "y": 0, "width": 6, "height": 2}}
    canvas = {"name": "p", "displayName": EVIL, "layout": [text | place, broken | place]}
    dashboard = {"display_name": EVIL, "serialized_dashboard": json.dumps({"pages": [canvas]}), "warehouse_id": "w"}
    dashboard_id = create(pages, "/api/2.0/lakeview/dashboards", dashboard, "dashboard_id")
    return {
        "query": f"/queries/{query_id}",
        "alert": f"/alerts/{alert_id}",
        "legacy alert": f"/alerts/{legacy_id}",
        "dashboard": f"/dashboards/{dashboard_id}",
    }


def hostile(pages: House) -> dict[str, str]:
    """Put the same evil text wherever somebody may write; return what each page is."""
    task = {"task_key": "t", "notebook_task": {"notebook_path": f"/Shared/{EVIL}"}, "description": EVIL}
    output = {
        "error": EVIL,
        "error_trace": EVIL,
        "logs": EVIL,
        "notebook_output": {"result": EVIL},
        "rows": [{EVIL: EVIL}],
    }
    run_id = pages.ledger.new_id() + 1
    outcome = Outcome("FAILED", EVIL)
    attempt = TaskRun(
        run_id + 1, run_id, "t", 0, 0, 0, task, "TERMINATED", "", NOON, NOON, NOON + 900, outcome, output, {"x": EVIL}
    )
    pages.put_job(7, EVIL, description=EVIL, tags={EVIL: EVIL}, tasks=[task])
    assert pages.put_run(7, EVIL, attempt) == run_id
    pages.ledger.new_id()
    content = base64.b64encode(f"# Databricks notebook source\n# MAGIC %md\n# MAGIC {EVIL}".encode()).decode()
    python = {"path": "/Shared/evil", "language": "PYTHON", "format": "SOURCE", "content": content}
    create(pages, "/api/2.0/workspace/import", python)
    plain = {"path": "/Shared/evil.json", "format": "AUTO", "content": base64.b64encode(EVIL.encode()).decode()}
    create(pages, "/api/2.0/workspace/import", plain)
    create(pages, "/api/2.1/unity-catalog/catalogs", {"name": "shop", "comment": EVIL})
    create(pages, "/api/2.1/unity-catalog/schemas", {"name": "gold", "catalog_name": "shop", "comment": EVIL})
    return monitoring(pages) | {
        "home": "/",
        "jobs": "/jobs",
        "job": "/jobs/7",
        "run": f"/jobs/7/runs/{run_id}",
        "task": f"/jobs/7/runs/{run_id + 1}",
        "notebook": "/files/Shared/evil",
        "file": "/files/Shared/evil.json",
        "queries": "/queries",
        "alerts": "/alerts",
        "dashboards": "/dashboards",
        "data": "/data",
        "schema": "/data/shop/gold",
        "missing job": f"/jobs/{EVIL}",
        "missing table": f"/data/{EVIL}/gold/x",
    }


def test_hostile_text_is_text_on_every_page(pages: House, browser: httpx.Client) -> None:
    for name, path in hostile(pages).items():
        html = browser.get(path).text
        assert "<script" not in html, name
        assert "<img" not in html, name
        assert 'href="javascript:' not in html, name
        assert "alert" in html, f"{name} does not show the text at all"


def test_the_values_of_secrets_are_on_no_page(pages: House, browser: httpx.Client) -> None:
    create(pages, "/api/2.0/secrets/scopes/create", {"scope": "mail"})
    create(pages, "/api/2.0/secrets/put", {"scope": "mail", "key": "password", "string_value": SECRET})
    for path in ("/platform", "/", "/files"):
        html = browser.get(path).text
        assert SECRET not in html
        assert base64.b64encode(SECRET.encode()).decode() not in html
    platform = browser.get("/platform").text
    assert "password" in platform


def test_what_has_its_required_fields_only_has_a_page(pages: House, browser: httpx.Client) -> None:
    pages.put_job(1, "bare")
    run = pages.put_run(1, "bare", result="SUCCESS")
    query = create(pages, "/api/2.0/sql/queries", {"query": {"display_name": "q", "query_text": "select 1"}})
    alert = pages.put_alert("a", "a", "IS_NULL")
    old = {"display_name": "old", "query_id": query, "condition": {"op": "EQUAL"}}
    legacy = create(pages, "/api/2.0/sql/alerts", {"alert": old})
    dashboard = create(pages, "/api/2.0/lakeview/dashboards", {"display_name": "d"}, "dashboard_id")
    create(pages, "/api/2.1/unity-catalog/catalogs", {"name": "c"})
    create(pages, "/api/2.1/unity-catalog/schemas", {"name": "s", "catalog_name": "c"})
    pages.store.put("volumes", "c.s.v", {"name": "v", "catalog_name": "c", "schema_name": "s", "full_name": "c.s.v"})
    places = ["/", "/jobs", "/jobs/1", f"/jobs/1/runs/{run}", "/queries", f"/queries/{query}", "/alerts"]
    places += [f"/alerts/{alert}", f"/alerts/{legacy}", "/dashboards", f"/dashboards/{dashboard}", "/data", "/data/c/s"]
    for path in [*places, "/files", "/platform"]:
        assert browser.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/404",
        "/jobs/x'y",
        "/jobs/1/runs/99",
        "/jobs/1/nothing/here",
        "/queries/none",
        "/alerts/none",
        "/dashboards/none",
        "/data/no/such",
        "/data/no/such/table",
        "/files/no/such/file",
        "/platform/more",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(pages: House, browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Not Found</h1>" in answer.text
    assert 'href="/"' in answer.text
    assert not (pages.root / "log" / "unknown_routes.log").exists(), "a wrong address is no unknown route of the API"


@pytest.mark.parametrize(
    "path", ["/files/../state.db", "/files/Shared/../../state.db", "/files/..%2f..%2fetc%2fpasswd"]
)
def test_files_outside_the_workspace_have_no_page(pages: House, browser: httpx.Client, path: str) -> None:
    request = browser.build_request("GET", "/files")
    request.url = request.url.copy_with(raw_path=path.encode())
    assert browser.send(request).status_code in (400, 401, 404)


def test_the_page_of_a_run_is_where_the_api_says(pages: House, browser: httpx.Client) -> None:
    from local.jobs.notices import run_page_url

    pages.put_job(3, "daily")
    run = pages.put_run(3, "daily")
    url = run_page_url(str(browser.base_url).rstrip("/"), 3, run)
    assert f"Run {run}" in browser.get(url).text
    assert browser.get(url.replace("/jobs/3/", "/jobs/4/")).status_code == 404, "a run has one address"


def test_a_loop_leads_to_its_iterations_and_back(pages: House, browser: httpx.Client) -> None:
    task = {"task_key": "each", "for_each_task": {"inputs": '["eu", "us"]', "task": {"task_key": "one"}}}
    run = pages.ledger.new_id() + 1
    fine, bad = Outcome("SUCCESS"), Outcome("FAILED", "no rows of us")
    loop = TaskRun(900, run, "each", 0, 0, 0, task, "TERMINATED", "", NOON, NOON, NOON + 9000, bad)
    made = [("eu", 0, fine), ("us", 0, bad), ("us", 1, bad)]
    tries = [
        TaskRun(
            901 + n, run, "one", again, again, 0, {}, "TERMINATED", "", NOON, NOON, NOON + 1000, end, {}, {}, 900, word
        )
        for n, (word, again, end) in enumerate(made)
    ]
    pages.put_job(5, "looping", tasks=[task])
    assert pages.put_run(5, "looping", loop, *tries) == run
    shown = browser.get("/jobs/5/runs/900").text
    assert [f'/jobs/5/runs/{n}"' in shown for n in (901, 902, 903)] == [True] * 3
    assert shown.count("no rows of us") >= 2
    second = browser.get("/jobs/5/runs/903").text
    assert 'href="/jobs/5/runs/900">each</a>' in second
    assert "Attempt 2, this one" in second
    assert 'href="/jobs/5/runs/902">Attempt 1</a>' in second
    assert '/runs/901"' not in second, "another input is another thing"
    assert browser.get("/jobs/5").status_code == 200


def test_the_alert_that_a_task_evaluated_is_on_the_pages_of_its_run(pages: House, browser: httpx.Client) -> None:
    query = create(pages, "/api/2.0/sql/queries", {"query": {"display_name": "q", "query_text": "select 1"}})
    made = {"display_name": "Too <many>", "query_id": query, "condition": {"op": "EQUAL"}}
    alert = create(pages, "/api/2.0/sql/alerts", {"alert": made})
    task = {"task_key": "watch", "sql_task": {"warehouse_id": "w", "alert": {"alert_id": alert}}}
    output = {"sql_output": {"alert_output": {"alert_state": "TRIGGERED"}}}
    run = pages.ledger.new_id() + 1
    found = TaskRun(
        900, run, "watch", 0, 0, 0, task, "TERMINATED", "", NOON, NOON, NOON + 900, Outcome("SUCCESS"), output, task
    )
    pages.put_job(6, "watching", tasks=[task])
    assert pages.put_run(6, "watching", found, result="SUCCESS") == run
    named = f'<a href="/alerts/{alert}">Too &lt;many&gt;</a> <span class="badge bad">Triggered</span>'
    assert named in browser.get(f"/jobs/6/runs/{run}").text
    shown = browser.get("/jobs/6/runs/900").text
    assert named in shown
    assert "It left nothing to read" not in shown
    assert f'<a href="/alerts/{alert}">alert {alert}</a>' in browser.get("/jobs/6").text
    pages.store.delete("alerts", alert)
    assert f'<a href="/alerts/{alert}">{alert}</a>' in browser.get(f"/jobs/6/runs/{run}").text, "deleted since"


def test_without_spark_pages_say_what_they_cannot_show(pages: House, browser: httpx.Client) -> None:
    create(pages, "/api/2.1/unity-catalog/catalogs", {"name": "c"})
    create(pages, "/api/2.1/unity-catalog/schemas", {"name": "s", "catalog_name": "c"})
    for path in ("/data", "/data/c/s", "/data/c/s/t"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "Spark is not running." in answer.text
