"""Decides which incidents are told to whom now, from what there is and what was told before; knows no Spark."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lakehouse.thresholds import Thresholds

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM")  # worst first
QUESTION_FAILED = "question_failed"  # the condition when nobody can say what is wrong


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong now; condition and subject together name the incident."""

    condition: str
    severity: str
    audience: str
    subject: str
    details: str
    since: dt.datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Return what names the incident for as long as it lasts, and when it comes again."""
        return hashlib.sha256(f"{self.condition}\n{self.subject}".encode()).hexdigest()


@dataclass(frozen=True)
class Known:
    """One incident as one recipient knows it: a row of `gold.told_incidents`.

    Told is an opening whose `last_told` is not before its `first_seen`; a resolution, when it is after `last_seen`.
    """

    fingerprint: str
    condition: str
    subject: str
    severity: str
    audience: str
    recipient: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    last_told: dt.datetime | None
    open: bool

    @property
    def believed_open(self) -> bool:
        """Say whether the recipient was told that it is open, and not since that it is resolved."""
        if self.last_told is None or self.last_told < self.first_seen:
            return False
        return self.open or self.last_told <= self.last_seen


@dataclass(frozen=True)
class Rules:
    """How often an incident may be told, and whether SQL alerts tell it first."""

    reminder: dt.timedelta
    cooldown: dt.timedelta
    told_by_alerts: bool

    @classmethod
    def of(cls, thresholds: Thresholds, told_by_alerts: bool) -> Rules:
        """Take the numbers from the thresholds."""
        return cls(
            reminder=dt.timedelta(hours=thresholds.value("digest_reminder_hours")),
            cooldown=dt.timedelta(hours=thresholds.value("digest_cooldown_hours")),
            told_by_alerts=told_by_alerts,
        )

    def alerts_tell(self, condition: str) -> bool:
        """Say whether an SQL alert tells this condition; that its question fails, none can."""
        return self.told_by_alerts and condition != QUESTION_FAILED


@dataclass(frozen=True)
class Groups:
    """Who is written to, per audience; an address may stand in several."""

    data_team: tuple[str, ...]
    business_team: tuple[str, ...]
    on_call: tuple[str, ...]

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return every address once."""
        return tuple(dict.fromkeys((*self.data_team, *self.business_team, *self.on_call)))

    def hears(self, recipient: str, severity: str, audience: str) -> bool:
        """Say whether an incident is one for this recipient."""
        return (
            recipient in self.data_team
            or (recipient in self.business_team and audience == "business")
            or (recipient in self.on_call and severity == "CRITICAL")
        )


@dataclass(frozen=True)
class Item:
    """One line of a mail: a violation that is new or a reminder, or an incident that is resolved.

    `before` is when the recipient was told of it last: what tells a repeated mail from a later one.
    """

    fingerprint: str
    condition: str
    severity: str
    subject: str
    details: str
    since: dt.datetime
    kind: str  # new, reminder or resolved
    before: dt.datetime | None


@dataclass(frozen=True)
class Mail:
    """One mail: to whom, and with which items, worst first."""

    recipients: tuple[str, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Plan:
    """The mails to send now, and for every recipient the rows that change once the mail was accepted."""

    mails: tuple[Mail, ...]
    known: Mapping[str, tuple[Known, ...]]
    open_now: int

    def count(self, *kinds: str) -> int:
        """Count the different incidents of these kinds in all mails."""
        return len({item.fingerprint for mail in self.mails for item in mail.items if item.kind in kinds})


def plan(
    violations: Iterable[Violation],
    known: Iterable[Known],
    groups: Groups,
    rules: Rules,
    now: dt.datetime,
    *,
    complete: bool = True,
) -> Plan:
    """Decide who is told what now; what is missing counts as resolved only where the violations are complete."""
    violated = {each.fingerprint: each for each in reversed(list(violations))}
    stored = {(each.fingerprint, each.recipient): each for each in known}
    contents: dict[tuple[Item, ...], list[str]] = {}
    after: dict[str, tuple[Known, ...]] = {}
    for recipient in groups.everybody:
        mine = {key[0]: each for key, each in stored.items() if key[1] == recipient}
        current = [each for each in violated.values() if groups.hears(recipient, each.severity, each.audience)]
        opened = [_opened(each, mine.get(each.fingerprint), recipient, rules, now) for each in current]
        gone = [each for print_, each in mine.items() if complete and print_ not in violated]
        closed = [_closed(each, current, rules, now) for each in gone]
        items = _worst_first([item for item, _ in (*opened, *closed) if item])
        after[recipient] = tuple(row for _, row in (*opened, *closed) if row != mine.get(row.fingerprint))
        if items:
            contents.setdefault(items, []).append(recipient)
    mails = tuple(Mail(tuple(recipients), items) for items, recipients in contents.items())
    return Plan(mails, after, len(violated))


def _opened(
    violation: Violation, before: Known | None, recipient: str, rules: Rules, now: dt.datetime
) -> tuple[Item | None, Known]:
    first_seen = now if before is None or _interrupted(before, rules, now) else before.first_seen
    row = Known(
        fingerprint=violation.fingerprint,
        condition=violation.condition,
        subject=violation.subject,
        severity=violation.severity,
        audience=violation.audience,
        recipient=recipient,
        first_seen=first_seen,
        last_seen=now,
        last_told=before.last_told if before else None,
        open=True,
    )
    if not _due(row, rules, now):
        return None, row
    item = Item(
        fingerprint=row.fingerprint,
        condition=row.condition,
        severity=row.severity,
        subject=row.subject,
        details=violation.details,
        since=violation.since or first_seen,
        kind="reminder" if row.believed_open else "new",
        before=row.last_told,
    )
    return item, replace(row, last_told=now)


def _closed(before: Known, current: Sequence[Violation], rules: Rules, now: dt.datetime) -> tuple[Item | None, Known]:
    row = replace(before, open=False)
    # A table that went from stale to very stale is not well again; its notice waits until nothing worse is left of it.
    worse = any(
        each.subject == row.subject and SEVERITIES.index(each.severity) < SEVERITIES.index(row.severity)
        for each in current
    )
    if rules.alerts_tell(row.condition) or worse or not row.believed_open or not _cool(row, rules, now):
        return None, row
    item = Item(
        fingerprint=row.fingerprint,
        condition=row.condition,
        severity=row.severity,
        subject=row.subject,
        details="",
        since=row.first_seen,
        kind="resolved",
        before=row.last_told,
    )
    return item, replace(row, last_told=now)


def _interrupted(before: Known, rules: Rules, now: dt.datetime) -> bool:
    """Say whether what is open now is another opening than the one known; flapping is not."""
    if before.open:
        return False
    if rules.alerts_tell(before.condition):
        return True  # the alert tells it anew
    if before.believed_open:
        return False  # nobody was told that it had closed
    resolution_told = before.last_told is not None and before.last_told > before.last_seen
    return resolution_told or now - before.last_seen > rules.cooldown


def _due(row: Known, rules: Rules, now: dt.datetime) -> bool:
    if row.believed_open:
        return row.last_told is not None and now - row.last_told >= rules.reminder
    waited = not rules.alerts_tell(row.condition) or now - row.first_seen >= rules.reminder
    return waited and _cool(row, rules, now)


def _cool(row: Known, rules: Rules, now: dt.datetime) -> bool:
    return row.last_told is None or now - row.last_told >= rules.cooldown


def _worst_first(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(
        sorted(
            items,
            key=lambda item: (
                item.kind == "resolved",
                SEVERITIES.index(item.severity),
                item.condition,
                item.subject,
            ),
        )
    )
