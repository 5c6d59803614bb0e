"""One run of the digest: ask what is wrong, mail those who must hear of it, then write down what they know."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import monitoring, thresholds
from lakehouse.digest import mail, state
from lakehouse.digest.incidents import QUESTION_FAILED, Groups, Known, Plan, Rules, Violation, plan
from lakehouse.digest.message import compose, html

Clock = Callable[[], dt.datetime]

_QUESTION = "critical_alerts"


@dataclass(frozen=True)
class Settings:
    """What a digest needs to know besides what is wrong."""

    environment: str
    server: mail.Server | None  # without one the digest is shown to whoever opens the run
    groups: Groups
    rules: Rules

    @classmethod
    def read(cls, widget: Callable[[str], str], ca_file: Path | None = None) -> Settings:
        """Take them from a notebook's parameters; one that makes no sense is an error."""
        names = ("data_team", "business_team", "on_call")
        addresses = {name: tuple(each.strip() for each in widget(name).split(",") if each.strip()) for name in names}
        for name, each in addresses.items():
            mail.check_addresses(name, each)
        groups = Groups(**addresses)
        if not groups.everybody:
            raise mail.MailError(f"Nobody would hear of an incident: all of {', '.join(names)} are empty.")
        alerts, port = widget("told_by_alerts"), widget("smtp_port")
        if alerts not in ("true", "false"):
            raise mail.MailError(f"told_by_alerts: {alerts!r} is neither 'true' nor 'false'.")
        host, sender = widget("smtp_host"), widget("mail_sender")
        # All three empty is a workspace without a mail server; one alone is a mistake, and mail.Server says which.
        wanted = any((host, port, sender))
        server = mail.Server(host, int(port) if port.isdigit() else 0, sender, ca_file) if wanted else None
        return cls(widget("environment"), server, groups, Rules.of(thresholds.load(), alerts == "true"))


def tell(
    spark: SparkSession,
    catalog: str,
    settings: Settings,
    password: Callable[[], str],
    clock: Clock,
    show: Callable[[str], None],
    folder: Path = monitoring.QUESTIONS,
) -> str:
    """Mail what is to be told now and return as JSON how much that was; raise when a mail was not accepted.

    What was told is written after the mail was accepted: whatever happens in between, a mail can come twice, never not.
    Without a mail server `show` is handed each mail's page of HTML instead.
    """
    spark.catalog.setCurrentCatalog(catalog)
    now = clock()
    violations, complete = find(spark, now, folder)
    state.create_table(spark)
    planned = plan(violations, state.read(spark), settings.groups, settings.rules, now, complete=complete)
    if settings.server is None:
        _show(spark, planned, settings.environment, show, now)
    else:
        _send(spark, planned, settings, settings.server, password, now)
    told = planned.count("new", "reminder")
    return json.dumps(
        {
            "told": told,
            "left_out": planned.open_now - told,
            "resolved": planned.count("resolved"),
            "recipients": len({each for one in planned.mails for each in one.recipients}),
        }
    )


def find(spark: SparkSession, now: dt.datetime, folder: Path) -> tuple[list[Violation], bool]:
    """Return the violations that there are now, and whether these are all."""
    answer = monitoring.ask(spark, _QUESTION, folder)
    if answer.error:
        # Nobody can say what is wrong: that is an incident too, and no other one is resolved by it.
        return [Violation(QUESTION_FAILED, "CRITICAL", "data", _QUESTION, answer.error, now)], False
    return [
        Violation(
            condition=row["condition"],
            severity=row["severity"],
            audience=row["audience"],
            subject=row["subject"],
            details=row["details"] or "",
            since=row["since"] and row["since"].astimezone(dt.UTC),
        )
        for row in answer.rows
    ], True


def _show(spark: SparkSession, planned: Plan, environment: str, show: Callable[[str], None], now: dt.datetime) -> None:
    for one in planned.mails:
        show(html(one.items, environment, now))
    state.write(spark, [row for rows in planned.known.values() for row in rows])


def _send(
    spark: SparkSession,
    planned: Plan,
    settings: Settings,
    server: mail.Server,
    password: Callable[[], str],
    now: dt.datetime,
) -> None:
    mailed = {recipient for one in planned.mails for recipient in one.recipients}
    # Who has nothing to be told knows it without a mail.
    accepted = [recipient for recipient in planned.known if recipient not in mailed]

    def note(_message: EmailMessage, recipients: list[str]) -> None:
        accepted.extend(recipients)

    try:
        if planned.mails:
            messages = [compose(one, server.sender, settings.environment, now) for one in planned.mails]
            mail.send(server, password(), messages, note)
    finally:
        # Also when the next mail failed: those who have read theirs are not to be told again.
        known: list[Known] = [row for recipient in accepted for row in planned.known[recipient]]
        state.write(spark, known)
