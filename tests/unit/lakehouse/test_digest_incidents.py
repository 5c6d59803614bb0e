"""Who is told what, when: decided without Spark and without mail."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from lakehouse import thresholds
from lakehouse.digest.incidents import QUESTION_FAILED, Groups, Known, Plan, Rules, Violation, plan
from local.alerts.history import Evaluation
from local.alerts.policy import notifies

START = dt.datetime(2026, 3, 10, 0, 15, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(hours=24)
DATA, BUSINESS, CALL = "data@x.org", "business@x.org", "call@x.org"
GROUPS = Groups((DATA,), (BUSINESS,), (CALL,))
RULES = Rules(reminder=DAY, cooldown=HOUR, told_by_alerts=False)
ALERTS = Rules(reminder=DAY, cooldown=HOUR, told_by_alerts=True)

EMPTY = Violation("empty_tables", "CRITICAL", "data", "bronze.orders", "has no row")
STALE = Violation("stale_tables", "HIGH", "data", "gold.daily_revenue", "30 hours old")
CHURN = Violation("high_churn_customers", "MEDIUM", "business", "gold.customer_churn_predictions", "501 customers")


@dataclass
class World:
    """Digest runs one after another, each knowing what the ones before wrote down."""

    rules: Rules = RULES
    groups: Groups = GROUPS
    known: dict[tuple[str, str], Known] = field(default_factory=dict)

    def run(self, violations: Sequence[Violation], after: dt.timedelta, *, complete: bool = True) -> Plan:
        planned = plan(violations, self.known.values(), self.groups, self.rules, START + after, complete=complete)
        for rows in planned.known.values():
            self.known.update({(row.fingerprint, row.recipient): row for row in rows})
        return planned


def told(planned: Plan) -> dict[str, list[tuple[str, str]]]:
    """Return by recipient what his mail says, in order."""
    said: dict[str, list[tuple[str, str]]] = {}
    for mail in planned.mails:
        for recipient in mail.recipients:
            assert recipient not in said, "one mail for each"
            said[recipient] = [(item.kind, item.condition) for item in mail.items]
    return said


ALL_NEW = {
    DATA: [("new", "empty_tables"), ("new", "stale_tables"), ("new", "high_churn_customers")],
    BUSINESS: [("new", "high_churn_customers")],
    CALL: [("new", "empty_tables")],
}


def test_each_hears_what_is_meant_for_him_worst_first() -> None:
    assert told(World().run([CHURN, STALE, EMPTY], HOUR * 0)) == ALL_NEW


def test_who_is_in_two_groups_gets_one_mail_and_equals_share_one() -> None:
    groups = Groups((DATA, CALL), (DATA,), (CALL,))
    planned = World(groups=groups).run([CHURN, STALE, EMPTY], HOUR * 0)
    assert [mail.recipients for mail in planned.mails] == [(DATA, CALL)]


def test_a_group_without_recipients_is_skipped() -> None:
    planned = World(groups=Groups((), (BUSINESS,), ())).run([STALE, EMPTY], HOUR * 0)
    assert (planned.mails, planned.open_now) == ((), 2)


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        (HOUR * 0, None),
        (HOUR, None),
        (DAY - dt.timedelta(seconds=1), None),
        (DAY, ["reminder"]),
        (DAY + HOUR, ["reminder"]),
    ],
)
def test_an_open_incident_is_told_again_after_a_day(after: dt.timedelta, kinds: list[str] | None) -> None:
    world = World()
    world.run([EMPTY], HOUR * 0)
    said = told(world.run([EMPTY], after))
    assert said == ({} if kinds is None else {who: [(kinds[0], "empty_tables")] for who in (DATA, CALL)})


def test_a_resolution_is_told_once_and_only_to_those_who_knew() -> None:
    world = World()
    world.run([CHURN, EMPTY], HOUR * 0)
    assert told(world.run([CHURN], HOUR)) == {who: [("resolved", "empty_tables")] for who in (DATA, CALL)}
    for hour in (2, 3, 30):
        assert ("resolved", "empty_tables") not in told(world.run([CHURN], HOUR * hour)).get(DATA, [])


def test_what_opens_again_is_told_again_only_when_the_hour_is_over() -> None:
    world = World()
    world.run([STALE], HOUR * 0)
    assert told(world.run([], HOUR)) == {DATA: [("resolved", "stale_tables")]}
    assert told(world.run([STALE], HOUR * 1.5)) == {}
    assert told(world.run([STALE], HOUR * 2 - dt.timedelta(seconds=1))) == {}
    assert told(world.run([STALE], HOUR * 2)) == {DATA: [("new", "stale_tables")]}
    assert told(world.run([STALE], HOUR * 3)) == {}


def test_what_flaps_within_the_hour_stays_one_incident() -> None:
    world = World()
    world.run([STALE], HOUR * 0)
    assert told(world.run([], HOUR * 0.3)) == {}, "the hour is not over"
    assert told(world.run([STALE], HOUR * 0.6)) == {}
    assert told(world.run([STALE], HOUR * 2)) == {}, "they believe it open, and it is"
    assert told(world.run([], HOUR * 3)) == {DATA: [("resolved", "stale_tables")]}


def test_what_has_become_worse_is_not_resolved_until_all_of_it_is() -> None:
    very = Violation("very_stale_tables", "CRITICAL", "data", STALE.subject, "51 hours old")
    world = World()
    world.run([STALE], HOUR * 0)
    assert told(world.run([very], HOUR))[DATA] == [("new", "very_stale_tables")]
    resolved = told(world.run([], HOUR * 3))
    assert resolved[DATA] == [("resolved", "very_stale_tables"), ("resolved", "stale_tables")]
    assert resolved[CALL] == [("resolved", "very_stale_tables")]


def test_alerts_tell_first_and_the_digest_a_day_later() -> None:
    world = World(ALERTS)
    for hour in range(24):
        planned = world.run([EMPTY], HOUR * hour)
        assert (told(planned), planned.open_now) == ({}, 1)
    assert set(told(world.run([EMPTY], DAY))) == {DATA, CALL}
    assert told(world.run([EMPTY], DAY + HOUR)) == {}
    assert told(world.run([], DAY + 2 * HOUR)) == {}, "the alert tells that it is well"
    assert told(world.run([EMPTY], DAY + 3 * HOUR)) == {}, "and that it is not, again"
    assert set(told(world.run([EMPTY], 2 * DAY + 3 * HOUR))) == {DATA, CALL}


def test_a_failing_question_is_told_at_once_and_resolves_nothing() -> None:
    failed = Violation(QUESTION_FAILED, "CRITICAL", "data", "critical_alerts", "no such table")
    for rules in (RULES, ALERTS):
        world = World(rules)
        world.run([STALE], HOUR * 0)
        assert told(world.run([failed], HOUR, complete=False))[DATA] == [("new", QUESTION_FAILED)]
        assert told(world.run([STALE], HOUR * 2))[DATA] == [("resolved", QUESTION_FAILED)]


def test_fingerprint_names_condition_and_subject_and_nothing_else() -> None:
    same = Violation("empty_tables", "HIGH", "business", "bronze.orders", "other words", START)
    assert same.fingerprint == EMPTY.fingerprint
    assert len({EMPTY.fingerprint, STALE.fingerprint, CHURN.fingerprint}) == 3


def test_rules_come_from_the_thresholds() -> None:
    assert Rules.of(thresholds.load(), False) == RULES


# Hours at which each incident is open on a bad day: it lasts, it flaps, it comes back, it begins late.
BAD_DAY = {
    EMPTY: set(range(27)),
    STALE: {hour for hour in range(27) if hour % 2},
    CHURN: {1, 2, 3, 10, 11, 20},
    Violation("low_quality_tables", "HIGH", "data", "silver.fact_orders", "80"): {5},
    Violation("very_stale_tables", "CRITICAL", "data", STALE.subject, "51 h"): set(range(12, 18)),
}


@pytest.mark.parametrize("minutes", [60, 20, 7])
def test_on_a_bad_day_nobody_hears_the_same_twice_within_an_hour(minutes: int) -> None:
    world = World()
    heard: dict[tuple[str, str], list[dt.datetime]] = defaultdict(list)
    mails: dict[str, int] = defaultdict(int)
    for minute in range(0, 27 * 60, minutes):
        now = dt.timedelta(minutes=minute)
        planned = world.run([each for each, hours in BAD_DAY.items() if minute // 60 in hours], now)
        for mail in planned.mails:
            for recipient in mail.recipients:
                mails[recipient] += 1
                for item in mail.items:
                    heard[recipient, item.fingerprint].append(START + now)
    assert set(mails) == {DATA, BUSINESS, CALL}
    for times in heard.values():
        assert all(later - earlier >= HOUR for earlier, later in pairwise(times)), times
    assert len(heard[CALL, EMPTY.fingerprint]) == 2, "at once, and the daily reminder"
    if minutes == 60:
        assert len(heard[BUSINESS, CHURN.fingerprint]) == 6, "three openings, three resolutions"
        assert mails[CALL] == 4


def test_on_a_bad_day_alerts_and_digest_together_tell_nobody_the_same_twice_within_an_hour() -> None:
    """As in prod: the digest at a quarter past, each condition's alert at half past, both every hour."""
    world = World(ALERTS)
    alerts: dict[str, list[Evaluation]] = {each.condition: [] for each in BAD_DAY}
    heard: dict[tuple[str, str], list[tuple[dt.datetime, str]]] = defaultdict(list)
    for hour in range(30):
        is_open = [each for each, hours in BAD_DAY.items() if min(hour, 26) in hours]
        for mail in world.run(is_open, HOUR * hour).mails:
            for recipient in mail.recipients:
                for item in mail.items:
                    heard[recipient, item.condition].append((START + HOUR * hour, "digest"))
        now = START + HOUR * hour + dt.timedelta(minutes=15)
        for condition, past in alerts.items():
            found = [each for each in is_open if each.condition == condition]
            state, due = "TRIGGERED" if found else "OK", int(now.timestamp() * 1000)
            tells = notifies(state, due, past, {"notify_on_ok": True, "retrigger_seconds": 0})
            past.insert(0, Evaluation(condition, due, due, "me", state, None, None, "", tells))
            one = next(each for each in BAD_DAY if each.condition == condition)
            for recipient in GROUPS.everybody:
                if tells and GROUPS.hears(recipient, one.severity, one.audience):
                    heard[recipient, condition].append((now, "alert"))
    for who, times in heard.items():
        assert all(later - earlier >= HOUR for (earlier, _), (later, _) in pairwise(times)), (who, times)
    assert [by for _, by in heard[CALL, "empty_tables"]] == ["alert", "digest"], "at once, and the daily reminder"
    assert len(heard[BUSINESS, "high_churn_customers"]) == 6, "three openings, three resolutions"
