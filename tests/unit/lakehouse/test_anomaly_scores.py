"""Scores of days against numbers worked out by hand, and the detector against the truth of generated trade."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse import closed_days, thresholds
from lakehouse.anomaly_scores import ANOMALY, NORMAL, TOO_YOUNG, Day, Rules, Scored, score
from scripts.bench import anomalies
from scripts.data import totals
from tests import retail

RULES = Rules.of(thresholds.load())
FIRST = dt.date(2026, 1, 5)  # a Monday
SHAPE = (100, 110, 120, 130, 160, 90, 60)  # orders of each weekday


def trade(count: int, changed: dict[int, int] | None = None, shape: Sequence[int] = SHAPE) -> list[Day]:
    """Days of steady trade at ten a piece, some with another number of orders; a week in three is a tenth stronger."""
    days = []
    for number in range(count):
        usual = shape[number % 7] * (1.1 if number // 7 % 3 == 0 else 1.0)
        orders = (changed or {}).get(number, round(usual))
        days.append(Day(FIRST + dt.timedelta(days=number), orders, Decimal(10 * orders)))
    return days


def of_day(scored: list[Scored], number: int) -> Scored:
    return next(each for each in scored if each.day.order_date == FIRST + dt.timedelta(days=number))


def test_a_steady_trade_has_no_anomaly_once_it_is_old_enough() -> None:
    scored = score(trade(120), (), RULES)

    assert [each.status for each in scored] == [TOO_YOUNG] * 28 + [NORMAL] * 92
    young, old = scored[0], scored[-1]
    assert (young.expected_revenue, young.orders_z_score, young.revenue_z_score) == (None, None, None)
    assert old.expected_order_count == pytest.approx(SHAPE[0], rel=0.1)
    assert old.expected_revenue == pytest.approx(10 * SHAPE[0], rel=0.1)


def test_a_score_is_the_distance_from_the_weekday_in_spreads() -> None:
    # Every weekday had 100 for twelve weeks; nothing spreads, so the least spread counts: ln(1.05).
    scored = score(trade(85, {**dict.fromkeys(range(84), 100), 84: 50}), (), RULES)

    assert of_day(scored, 84).expected_order_count == pytest.approx(100)
    assert of_day(scored, 84).orders_z_score == pytest.approx(0.6745 * math.log(51 / 101) / math.log(1.05))
    assert of_day(scored, 84).revenue_z_score == pytest.approx(0.6745 * math.log(501 / 1001) / math.log(1.05))


@pytest.mark.parametrize(("orders", "status"), [(0, ANOMALY), (40, ANOMALY), (300, ANOMALY), (96, NORMAL)])
def test_a_drop_and_a_spike_are_found_and_a_weekday_is_compared_with_itself(orders: int, status: str) -> None:
    saturday = 89  # 90 orders: as many as 96 here, far too few for the Friday before it
    scored = score(trade(120, {saturday: orders}), (), RULES)

    assert of_day(scored, saturday).status == status
    others = [each.status for each in scored if each.day.order_date != FIRST + dt.timedelta(days=saturday)]
    assert set(others) == {TOO_YOUNG, NORMAL}, "one odd day changes no verdict on another"


def test_a_score_depends_on_the_days_before_it_and_on_no_other() -> None:
    days = trade(140)
    whole = score(days, (), RULES)

    strange = [*days[:100], *(replace(day, order_count=7, revenue=Decimal(7)) for day in days[100:])]
    assert score(strange, (), RULES)[:100] == whole[:100]
    assert score(days[140 - 1 - RULES.history_days :], (), RULES)[-1] == whole[-1]
    doubled = replace(days[-1], order_count=2 * days[-1].order_count)
    assert score([*days[:-1], doubled], (), RULES)[-1].expected_order_count == whole[-1].expected_order_count


def test_growth_moves_what_is_expected() -> None:
    days = [replace(day, order_count=round(day.order_count * 1.004**number)) for number, day in enumerate(trade(200))]
    scored = score(days, (), RULES)
    assert {each.status for each in scored[28:]} == {NORMAL}
    expected = sum(each.expected_order_count or 0 for each in scored[-7:])
    assert expected == pytest.approx(sum(day.order_count for day in days[-7:]), rel=0.08)


def test_a_closed_day_is_expected_empty_and_compared_with_nothing() -> None:
    holidays = {FIRST + dt.timedelta(days=number) for number in range(84, 91)}
    empty = dict.fromkeys(range(84, 91), 0)
    surprise = score(trade(120, empty), (), RULES)
    known = score(trade(120, empty), holidays, RULES)

    assert {of_day(surprise, number).status for number in empty} == {ANOMALY}
    assert {each.status for each in known[28:]} == {NORMAL}
    assert {of_day(known, number).expected_order_count for number in empty} == {0.0}
    open_after_all = score(trade(120, {**empty, 86: 100}), holidays, RULES)
    assert of_day(open_after_all, 86).status == ANOMALY


def test_a_weekday_without_trade_is_normal_until_it_trades() -> None:
    shape = (*SHAPE[:5], 0, SHAPE[6])  # closed on Saturdays
    assert {each.status for each in score(trade(120, shape=shape), (), RULES)[28:]} == {NORMAL}
    scored = score(trade(120, {89: 20}, shape), (), RULES)
    assert of_day(scored, 89).status == ANOMALY


def test_no_trade_yet_and_no_days_at_all() -> None:
    assert score([], (), RULES) == []
    assert {each.status for each in score(trade(40, shape=(0,) * 7), (), RULES)} == {TOO_YOUNG, NORMAL}


def test_the_threshold_itself_is_normal() -> None:
    days = trade(85, dict.fromkeys(range(84), 100))
    z = 0.6745 * (math.log1p(days[84].order_count) - math.log1p(100)) / math.log(1.05)
    revenue_z = 0.6745 * (math.log1p(float(days[84].revenue)) - math.log1p(1000)) / math.log(1.05)
    highest = score(days, (), RULES)[84]
    assert (highest.orders_z_score, highest.revenue_z_score) == (pytest.approx(z), pytest.approx(revenue_z))
    limit = max(abs(highest.orders_z_score or 0), abs(highest.revenue_z_score or 0))
    assert score(days, (), replace(RULES, score=limit))[84].status == NORMAL
    assert score(days, (), replace(RULES, score=limit * 0.999))[84].status == ANOMALY


def test_a_gap_in_the_calendar_is_refused() -> None:
    days = trade(40)
    with pytest.raises(ValueError, match="the day after 2026-01-14 is 2026-01-16"):
        score([*days[:10], *days[11:]], (), RULES)


@pytest.mark.slow
def test_the_anomalies_of_generated_trade_are_found_and_few_others_accused() -> None:
    trades = [anomalies.generate(seed) for seed in anomalies.SEEDS]
    assert min(len(trade.anomalies) for trade in trades) > 10

    for measured in (anomalies.measure_missed(trades), anomalies.measure_false(trades)):
        assert measured.ratio <= measured.goal, measured
        assert measured.baseline > max(measured.figure, measured.goal / 2), "what it is compared with is as good"


@pytest.mark.skipif(not retail.DAYS.is_dir(), reason="the real trade is not here")
def test_real_trade_has_few_anomalies_and_each_is_one() -> None:
    found = totals.retail_totals(retail.DAYS)
    revenue = found.by_day("completed")
    first, last = min(revenue), max(revenue)
    calendar = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    days = [Day(day, found.orders.get((day, "completed"), 0), revenue.get(day, Decimal())) for day in calendar]

    scored = {each.day.order_date: each for each in score(days, closed_days.load(), RULES)}
    unaware = {each.day.order_date for each in score(days, (), RULES) if each.status == ANOMALY}

    # A Monday at twice its usual revenue, a Sunday at 2.7 times, and the day of one order over 168,000.
    odd = {day for day, each in scored.items() if each.status == ANOMALY}
    assert odd == {dt.date(2011, 4, 18), dt.date(2011, 6, 5), dt.date(2011, 12, 9)}
    assert unaware >= {dt.date(2011, 4, 22), dt.date(2011, 5, 30), dt.date(2011, 8, 29)}, "holidays nobody listed"


GOOD = '[[closed]]\nfirst = 2026-12-24\nlast = 2026-12-26\nwhy = "Christmas"\n'


def test_closed_days_are_read_as_periods(tmp_path: Path) -> None:
    file = tmp_path / "closed_days.toml"
    file.write_text(GOOD + GOOD.replace("2026-12-24", "2026-12-26"))
    assert sorted(closed_days.load(file)) == [dt.date(2026, 12, day) for day in (24, 25, 26)]
    file.write_text("")
    assert closed_days.load(file) == frozenset()
    assert len(closed_days.load()) > 15


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2026-12-24", "2026-12-27", r"\[\[closed\]\] last: 2026-12-26 is before 2026-12-27"),
        ("2026-12-24", '"2026-12-24"', r"\[\[closed\]\] first: '2026-12-24' is not a date"),
        ("2026-12-26", "2026-12-26T00:00:00", r"\[\[closed\]\] last: .* is not a date"),
        ('"Christmas"', '" "', r"\[\[closed\]\] why: must say"),
        ('why = "Christmas"', 'reason = "x"', r"\[\[closed\]\] expected first, last, why"),
        (GOOD, "[days]\n" + GOOD, r"expected entries \[\[closed\]\] only, found days"),
        (GOOD, "closed = 1", r"expected entries"),
        (GOOD, "[[closed", r"closed_days\.toml: "),
    ],
)
def test_a_wrong_list_of_closed_days_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "closed_days.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(closed_days.ClosedDaysError, match=message) as caught:
        closed_days.load(file)
    assert str(file) in str(caught.value)
