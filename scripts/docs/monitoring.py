"""Generated sections about what watches the platform: numbers, alerts, who hears of them, and what proves it."""

from __future__ import annotations

import re

from infra.alerts import subscribers
from infra.environments import ENVIRONMENTS, PROD
from scripts.docs.facts import MAILED, Facts
from scripts.docs.markdown import code, codes, table

_RUNBOOK = "runbook.md"


def thresholds(facts: Facts) -> str:
    """One line per number: how bad crossing it is, who hears of it, why it is this number."""
    rows = [
        (code(each.name), f"{each.value:g}", each.unit, each.severity, each.audience, each.why)
        for each in facts.thresholds.values()
    ]
    return table(("threshold", "value", "unit", "severity", "audience", "why"), rows)


def threshold_readers(facts: Facts) -> str:
    """One line per number: every question, alert, dbt file, check and module that reads it."""
    texts = {
        file: file.read_text(encoding="utf-8")
        for folder, endings in (
            ("notebooks/lakehouse", (".py",)),
            ("dbt", (".sql", ".yml")),
            ("sql/checks", (".toml",)),
        )
        for file in sorted((facts.root / folder).rglob("*"))
        if file.suffix in endings and "dbt_packages" not in file.parts
    }
    rows = []
    for name in facts.thresholds:
        named = re.compile(rf"""["']{name}["']""")  # value("x") in Python, var('x') in dbt, within = "x" in checks
        readers = [file for file, text in texts.items() if named.search(text)]
        rows.append(
            (
                code(name),
                codes(key for key, question in facts.questions.items() if name in question.markers),
                codes(key for key, alert in facts.alerts.items() if alert.threshold.name == name),
                codes(str(file.relative_to(facts.root)) for file in readers),
            )
        )
    return table(("threshold", "questions", "alerts", "other readers"), rows)


def alerts(facts: Facts) -> str:
    """One line per alert, worst first: when it fires, how often it looks, who is written to in prod."""
    rows = [
        (
            alert.threshold.severity,
            f"[{alert.title}]({_RUNBOOK}#{alert.runbook})",
            facts.meanings[alert.key],
            f"{code(alert.threshold.name)} = {alert.threshold.value:g}",
            code(alert.schedule.quartz),
            ", ".join(subscribers(alert.threshold, PROD.recipients)),
            code(f"sql/alerts/{alert.key}.toml"),
        )
        for alert in facts.worst_first
    ]
    heads = (
        "severity",
        "alert → what to do",
        "fires for",
        "number",
        "looks at (Quartz, UTC)",
        "prod writes to",
        "file",
    )
    return table(heads, rows)


def alert_index(facts: Facts) -> str:
    """The way from the subject of a mail to the section that says what to do."""
    rows = [
        (code(f"{alert.threshold.severity}: {alert.title}"), f"[{alert.title}](#{alert.runbook})")
        for alert in facts.worst_first
    ]
    return table(("subject of the mail starts with", "read"), rows)


def recipients(facts: Facts) -> str:
    """Who is written to, by environment and audience; and how an incident finds its audience."""
    rows = [
        (
            code(env.name),
            ", ".join(env.recipients.data_team),
            ", ".join(env.recipients.business_team) or "nobody",
            ", ".join(env.recipients.on_call) or "nobody",
            "on" if env.schedules_on else "paused",
        )
        for env in ENVIRONMENTS.values()
    ]
    heads = (
        "environment",
        "data team: all alerts, failed and slow jobs",
        "business team: alerts for business",
        "on call: CRITICAL alerts",
        "alerts and schedules",
    )
    return table(heads, rows)


def dashboards(facts: Facts) -> str:
    """One line per tile: what it shows and which question it asks."""
    rows = [
        (dashboard.title, tile.title, tile.widget, code(tile.question), code(f"sql/dashboards/{dashboard.key}.toml"))
        for dashboard in facts.dashboards.values()
        for tile in dashboard.tiles
    ]
    return table(("dashboard", "tile", "shown as", "question", "file"), rows)


def proofs(facts: Facts) -> str:
    """One line per alert: the tested worlds in which it fires, and how many keep it silent."""
    rows = []
    for alert in facts.worst_first:
        fires = [world for world, conditions in facts.worlds.items() if alert.key in conditions]
        silent = len(facts.worlds) - len(fires)
        healthy = "`healthy` among them" if "healthy" not in fires else "**not in `healthy`**"
        subject = facts.mailed.get(alert.key)
        rows.append(
            (alert.title, codes(fires), f"{silent} others, {healthy}", code(subject) if subject else "**none**")
        )
    heads = ("alert", "fires in world", "silent in", "subject of the mail that is waited for")
    return table(heads, rows) + (
        "\n\nWorlds are folders of `tests/sql/critical_alerts`, asked by `tests/sql/test_questions.py`. Mails are read"
        f" from an SMTP server by `{MAILED}`: it deploys the alerts, lets them fire, sees that nothing is told"
        " twice, makes the world healthy and waits for the mail that says so."
    )
