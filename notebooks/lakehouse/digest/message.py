"""The mail of a digest: subject, text and HTML, with every word of others escaped."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from email.message import EmailMessage
from html import escape

from lakehouse.digest.incidents import SEVERITIES, Item, Mail

# Dark enough for white letters; the word stands beside the colour for who sees none.
_COLOURS = {"CRITICAL": "#b00020", "HIGH": "#b35900", "MEDIUM": "#6b5900"}
_RESOLVED_COLOUR = "#1b6e3c"
_SUBJECT_LENGTH = 120
_CELL = "padding:6px 10px;border-bottom:1px solid #ddd;text-align:left;vertical-align:top"


def compose(mail: Mail, sender: str, environment: str, now: dt.datetime) -> EmailMessage:
    """Return the whole message; sent again on the same day with the same items, it has the same Message-ID."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(mail.recipients)
    message["Subject"] = subject(mail.items, environment)
    message["Date"] = now
    message["Message-ID"] = _message_id(mail, sender, now)
    message["Auto-Submitted"] = "auto-generated"  # out-of-office replies stay away
    message.set_content(text(mail.items, environment, now))
    message.add_alternative(html(mail.items, environment, now), subtype="html")
    return message


def subject(items: Sequence[Item], environment: str) -> str:
    """Return one line: how many of which severity, the worst by name."""
    still = [item for item in items if item.kind != "resolved"]
    counts = Counter(item.severity for item in still)
    said = [f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity]] or [
        f"{len(items)} resolved"
    ]
    named = list(dict.fromkeys(item.subject for item in still or items))
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    head = f"[{environment}] {', '.join(said)}: "
    # A line break in a subject would begin another header.
    name = " ".join(named[0].split())
    room = max(_SUBJECT_LENGTH - len(head) - len(more), 1)
    return " ".join(head.split()) + " " + (name if len(name) <= room else name[: room - 1] + "…") + more


def text(items: Sequence[Item], environment: str, now: dt.datetime) -> str:
    """Return the digest for readers of plain text."""
    lines = [f"Incidents in {environment} at {_time(now)}", ""]
    still, resolved = _parted(items)
    for item in still:
        lines += [
            f"{item.severity}  {_flat(item.subject)}  ({_title(item.condition)}{_again(item)})",
            f"    {_flat(item.details)}",
            f"    since {_time(item.since)}; what to do: {_runbook(item)}",
            "",
        ]
    if resolved:
        lines += ["Resolved", ""]
        lines += [f"RESOLVED  {_flat(item.subject)}  ({_title(item.condition)})" for item in resolved]
    return "\n".join(lines).rstrip() + "\n"


def html(items: Sequence[Item], environment: str, now: dt.datetime) -> str:
    """Return the digest as one HTML page without anything from elsewhere."""
    still, resolved = _parted(items)
    parts = [f"<h2>Incidents in {escape(environment)} at {_time(now)}</h2>"]
    if still:
        rows = "".join(
            _row(
                _badge(item.severity, _COLOURS[item.severity]),
                escape(item.subject),
                escape(_title(item.condition) + _again(item)),
                escape(item.details),
                _time(item.since),
                f'<a href="{escape(_runbook(item))}">{escape(_runbook(item))}</a>',
            )
            for item in still
        )
        parts.append(_table(("Severity", "Subject", "What", "Details", "Since", "What to do"), rows))
    if resolved:
        rows = "".join(
            _row(_badge("RESOLVED", _RESOLVED_COLOUR), escape(item.subject), escape(_title(item.condition)))
            for item in resolved
        )
        parts += ["<h3>Resolved</h3>", _table(("State", "Subject", "What"), rows)]
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html><body style="font-family:sans-serif;color:#222">\n{body}\n</body></html>\n'


def _message_id(mail: Mail, sender: str, now: dt.datetime) -> str:
    # What the recipients were told before tells a mail that is sent again from the next one of the day.
    parts = [f"{item.kind} {item.fingerprint} {item.before.timestamp() if item.before else ''}" for item in mail.items]
    named = "\n".join([*sorted(parts), *sorted(mail.recipients), now.date().isoformat()])
    return f"<{hashlib.sha256(named.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"


def _parted(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    return [i for i in items if i.kind != "resolved"], [i for i in items if i.kind == "resolved"]


def _runbook(item: Item) -> str:
    return f"docs/runbook.md#{item.condition.replace('_', '-')}"


def _title(condition: str) -> str:
    return condition.replace("_", " ")


def _again(item: Item) -> str:
    return ", still open" if item.kind == "reminder" else ""


def _time(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _flat(words: str) -> str:
    return " ".join(words.split())


def _badge(word: str, colour: str) -> str:
    return f'<strong style="background:{colour};color:#fff;padding:2px 8px;border-radius:3px">{word}</strong>'


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>\n"


def _table(heads: Sequence[str], rows: str) -> str:
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in heads)
    return f'<table style="border-collapse:collapse">\n<tr>{head}</tr>\n{rows}</table>'
