from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse import thresholds
from lakehouse.thresholds import ThresholdError

GOOD = """
[stale_hours]
value = 24
unit = "hours"
severity = "HIGH"
audience = "data"
why = "one load a day"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "thresholds.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_our_own_file_loads_and_orders_its_limits() -> None:
    own = thresholds.load()

    assert own.value("stale_hours") < own.value("very_stale_hours")
    assert own.value("quality_stop") < own.value("quality_low") < own.value("quality_excellent")
    assert own.values_by_name()["quality_stop"] == 70


def test_a_threshold_carries_all_it_says(tmp_path: Path) -> None:
    stale = thresholds.load(written(tmp_path, GOOD))["stale_hours"]

    assert (stale.name, stale.value, stale.unit, stale.severity, stale.audience, stale.why) == (
        "stale_hours",
        24,
        "hours",
        "HIGH",
        "data",
        "one load a day",
    )


def test_an_unknown_name_says_where_to_define_it(tmp_path: Path) -> None:
    loaded = thresholds.load(written(tmp_path, GOOD))

    with pytest.raises(ThresholdError, match=r"^Threshold 'stale_days' is not defined in sql/thresholds\.toml$"):
        loaded.value("stale_days")
    assert "stale_days" not in loaded


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD + 'note = "x"', r"\[stale_hours\] unknown key: note"),
        (GOOD.replace('unit = "hours"\n', ""), r"\[stale_hours\] missing key: unit"),
        (GOOD.replace("24", '"24"'), r"\[stale_hours\] value: '24' is not a number"),
        (GOOD.replace("24", "true"), r"\[stale_hours\] value: True is not a number"),
        (GOOD.replace('"HIGH"', '"high"'), r"\[stale_hours\] severity: 'high' is none of CRITICAL"),
        (GOOD.replace('"hours"', '"moons"'), r"\[stale_hours\] unit: 'moons' is none of"),
        (GOOD.replace('"data"', '"everyone"'), r"\[stale_hours\] audience: 'everyone' is none of"),
        (GOOD.replace('"one load a day"', '" "'), r"\[stale_hours\] why: must say"),
        ("stale_hours = 24", r"stale_hours: a threshold is a table"),
        ("", "defines no threshold"),
        ("[stale_hours", "Expected"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    file = written(tmp_path, text)

    with pytest.raises(ThresholdError, match=complaint) as caught:
        thresholds.load(file)
    assert str(caught.value).startswith(f"{file}: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThresholdError, match=r"nowhere\.toml"):
        thresholds.load(tmp_path / "nowhere.toml")
