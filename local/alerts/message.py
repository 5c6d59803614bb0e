"""What subscribers of an alert are told: subject, text and HTML of a mail, the body of a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from local.alerts.condition import OPERATORS, Result, Verdict
from local.alerts.template import Raw, render

SUMMARY = 'Alert "{{ALERT_NAME}}" changed status to {{ALERT_STATUS}}'
DESCRIPTION = "{{ALERT_COLUMN}} is {{QUERY_RESULT_VALUE}} (condition: {{ALERT_CONDITION}} {{ALERT_THRESHOLD}})."
_TABLE_ROWS = 100


@dataclass(frozen=True)
class Message:
    """One notification, rendered."""

    subject: str
    text: str
    html: str


def compose(alert: Mapping[str, Any], verdict: Verdict, result: Result | None, url: str) -> Message:
    """Fill the alert's own summary and description, or the usual ones."""
    summary = alert.get("custom_summary") or SUMMARY
    description = alert.get("custom_description") or DESCRIPTION
    plain = variables(alert, verdict, result, url, html=False)
    subject = render(summary, plain, html=False)
    body = render(description, variables(alert, verdict, result, url, html=True), html=True)
    lines = [render(description, plain, html=False)]
    markup = [f"<h2>{escape(subject)}</h2>", "<div>" + body.replace("\n", "<br>\n") + "</div>"]
    if verdict.message:
        lines += ["", verdict.message]
        markup.append(f"<p>{escape(verdict.message)}</p>")
    lines += ["", f"{alert['display_name']}: {verdict.state}", url]
    markup.append(f'<p><a href="{escape(url)}">{escape(alert["display_name"])}</a>: {escape(verdict.state)}</p>')
    return Message(subject, "\n".join(lines) + "\n", "\n".join(["<html><body>", *markup, "</body></html>", ""]))


def variables(
    alert: Mapping[str, Any], verdict: Verdict, result: Result | None, url: str, html: bool
) -> dict[str, Any]:
    """Return what a template may name."""
    evaluation = alert["evaluation"]
    names = [str(column["name"]) for column in result.columns] if result else []
    rows = [dict(zip(names, row, strict=True)) for row in result.rows[:_TABLE_ROWS]] if result else []
    return {
        "ALERT_NAME": alert["display_name"],
        "ALERT_STATUS": verdict.state,
        "ALERT_CONDITION": OPERATORS[evaluation["comparison_operator"]],
        "ALERT_THRESHOLD": verdict.threshold if verdict.threshold is not None else _threshold(evaluation),
        "ALERT_COLUMN": _column(evaluation["source"]),
        "ALERT_URL": url,
        "QUERY_RESULT_VALUE": "null" if verdict.value is None else verdict.value,
        "QUERY_RESULT_COLS": [{"name": name, ".": name} for name in names],
        "QUERY_RESULT_ROWS": rows,
        "QUERY_RESULT_TABLE": Raw(_html_table(names, rows)) if html else _text_table(names, rows),
    }


def webhook_body(
    alert: Mapping[str, Any], verdict: Verdict, message: Message, url: str, base_url: str, evaluated_at: int
) -> dict[str, Any]:
    """Return what a webhook destination is sent on a change of state."""
    shown = {
        "id": alert["id"],
        "name": alert["display_name"],
        "owner": {"name": alert["owner_user_name"], "email": alert["owner_user_name"]},
        "query_text": alert["query_text"],
        "warehouse_id": alert["warehouse_id"],
        "custom_summary": alert.get("custom_summary") or SUMMARY,
        "state": verdict.state,
        "value": verdict.value,
        "last_evaluated_at": evaluated_at,
        "url": url,
    }
    told = {"title": message.subject, "description": message.text, "alert": shown}
    return {"event": "alert_state_change", "url_base": base_url, "alert": told}


def _threshold(evaluation: Mapping[str, Any]) -> str:
    threshold = evaluation.get("threshold") or {}
    if "column" in threshold:
        return _column(threshold["column"])
    return str(next(iter((threshold.get("value") or {"": ""}).values())))


def _column(column: Mapping[str, Any]) -> str:
    return f"{column['aggregation']}({column['name']})" if column.get("aggregation") else str(column["name"])


def _html_table(names: list[str], rows: list[dict[str, str | None]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape('null' if cell is None else cell)}</td>" for cell in row.values()) + "</tr>"
        for row in rows
    )
    return f"<table border='1'><tr>{head}</tr>{body}</table>"


def _text_table(names: list[str], rows: list[dict[str, str | None]]) -> str:
    table = [names, *(["null" if cell is None else cell for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    padded = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in padded)
