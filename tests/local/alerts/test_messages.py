"""What subscribers read, and when."""

from __future__ import annotations

from typing import Any

import pytest

from local.alerts.condition import Result, Verdict
from local.alerts.history import Evaluation
from local.alerts.message import compose
from local.alerts.policy import notifies
from local.alerts.template import Raw, render

VALUES: dict[str, Any] = {"A": "<b>", "T": Raw("<table>"), "L": [{"x": "1"}, {"x": "&"}], "N": [], "W": ["p", "q"]}


@pytest.mark.parametrize(
    ("template", "html", "expected"),
    [
        ("{{A}} {{ A }}", False, "<b> <b>"),
        ("{{A}}", True, "&lt;b&gt;"),
        ("{{{A}}} {{&A}} {{T}}", True, "<b> <b> <table>"),
        ("{{#L}}[{{x}}{{A}}]{{/L}}", True, "[1&lt;b&gt;][&amp;&lt;b&gt;]"),
        ("{{#N}}x{{/N}}{{^N}}none{{/N}}", True, "none"),
        ("{{#W}}{{.}},{{/W}}", True, "p,q,"),
        ("{{UNKNOWN}}|{{^UNKNOWN}}u{{/UNKNOWN}}", True, "|u"),
        ("{A} {{ }} {{#L}}open", False, "{A} {{ }} openopen"),
        ("{{#L}}{{#L}}i{{/L}}o{{/L}}", False, "iioiio"),
    ],
)
def test_mustache(template: str, html: bool, expected: str) -> None:
    assert render(template, VALUES, html) == expected


ALERT: dict[str, Any] = {
    "id": "7",
    "display_name": "Stale <tables>",
    "owner_user_name": "me@example.com",
    "query_text": "select 1",
    "warehouse_id": "w",
    "evaluation": {
        "source": {"name": "age", "aggregation": "MAX"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 24.0}},
    },
}
RESULT = Result([{"name": "table"}, {"name": "age"}], [["orders <x>", "48"], ["items", None]])
ALL = (
    "{{ALERT_NAME}}|{{ALERT_STATUS}}|{{ALERT_CONDITION}}|{{ALERT_THRESHOLD}}|{{ALERT_COLUMN}}|{{ALERT_URL}}|"
    "{{QUERY_RESULT_VALUE}}|{{#QUERY_RESULT_COLS}}{{name}};{{/QUERY_RESULT_COLS}}|"
    "{{#QUERY_RESULT_ROWS}}{{table}}={{age}};{{/QUERY_RESULT_ROWS}}|{{QUERY_RESULT_TABLE}}"
)


def test_every_variable_is_filled_and_escaped_in_html_only() -> None:
    alert = ALERT | {"custom_summary": "{{ALERT_STATUS}}: {{ALERT_NAME}}", "custom_description": ALL}
    message = compose(alert, Verdict("TRIGGERED", "48", "24"), RESULT, "http://h/alerts/7")
    assert message.subject == "TRIGGERED: Stale <tables>"
    start = "Stale <tables>|TRIGGERED|>|24|MAX(age)|http://h/alerts/7|48|table;age;|orders <x>=48;items=;|"
    assert message.text.startswith(start + "table      | age\norders <x> | 48\nitems      | null\n")
    assert "Stale &lt;tables&gt;|TRIGGERED|&gt;|24|MAX(age)|" in message.html
    assert "<td>orders &lt;x&gt;</td><td>48</td></tr><tr><td>items</td><td>null</td>" in message.html
    assert "<x>" not in message.html
    assert "<tables>" not in message.html


def test_without_templates_the_usual_words_are_used_and_an_error_says_why() -> None:
    message = compose(ALERT, Verdict("ERROR", message="no such table <gold>"), None, "http://h/alerts/7")
    assert message.subject == 'Alert "Stale <tables>" changed status to ERROR'
    assert "no such table <gold>" in message.text
    assert "no such table &lt;gold&gt;" in message.html
    quiet = compose(ALERT, Verdict("TRIGGERED", "48", "24"), RESULT, "u")
    assert quiet.text.startswith("MAX(age) is 48 (condition: > 24).")


HOUR = 3_600_000


def past(*told: str) -> list[Evaluation]:
    """Return hourly evaluations, the last one an hour ago; `T!` was told, `T` was not."""
    names = {"T": "TRIGGERED", "O": "OK", "E": "ERROR", "U": "UNKNOWN"}
    made = [
        Evaluation("a", number * HOUR, number * HOUR + 900, "me", names[item[0]], None, None, "", item.endswith("!"))
        for number, item in enumerate(told)
    ]
    return made[::-1]


@pytest.mark.parametrize(
    ("before", "state", "notification", "tells"),
    [
        ((), "TRIGGERED", {}, True),
        (("O",), "TRIGGERED", {}, True),
        (("T!",), "TRIGGERED", {}, False),
        (("T!", "T", "T"), "TRIGGERED", {"retrigger_seconds": 0}, False),
        (("T!", "O"), "TRIGGERED", {}, True),
        (("T!", "E!"), "TRIGGERED", {}, False),  # an error between is not a return to OK
        (("T!",), "TRIGGERED", {"retrigger_seconds": 1}, True),
        (("T!",), "TRIGGERED", {"retrigger_seconds": 3600}, True),  # exactly due
        (("T!",), "TRIGGERED", {"retrigger_seconds": 3601}, False),
        (("T!", "T"), "TRIGGERED", {"retrigger_seconds": 7200}, True),
        (("T!", "T", "T!"), "TRIGGERED", {"retrigger_seconds": 7200}, False),
        (("T!",), "OK", {}, False),
        (("T!",), "OK", {"notify_on_ok": True}, True),
        (("T!", "T"), "OK", {"notify_on_ok": True}, True),
        (("E!",), "OK", {"notify_on_ok": True}, True),
        (("T!", "O!"), "OK", {"notify_on_ok": True}, False),
        ((), "OK", {"notify_on_ok": True}, False),
        ((), "ERROR", {}, True),
        (("E!",), "ERROR", {}, False),
        (("T!",), "ERROR", {}, True),
        (("T!",), "UNKNOWN", {"notify_on_ok": True}, False),
    ],
)
def test_who_is_told_when(before: tuple[str, ...], state: str, notification: dict[str, Any], tells: bool) -> None:
    assert notifies(state, len(before) * HOUR, past(*before), notification) is tells
