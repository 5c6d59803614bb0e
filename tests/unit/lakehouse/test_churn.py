"""Bands of churn: a risk begins above its threshold, not at it."""

from __future__ import annotations

import math

import pytest

from lakehouse import thresholds
from lakehouse.models import churn

NUMBERS = thresholds.load()
HIGH, MEDIUM = NUMBERS.value("churn_high"), NUMBERS.value("churn_medium")


@pytest.mark.parametrize(
    ("probability", "risk"),
    [
        (1.0, "High"),
        (math.nextafter(HIGH, 1), "High"),
        (HIGH, "Medium"),
        (math.nextafter(HIGH, 0), "Medium"),
        (math.nextafter(MEDIUM, 1), "Medium"),
        (MEDIUM, "Low"),
        (math.nextafter(MEDIUM, 0), "Low"),
        (0.0, "Low"),
    ],
)
def test_a_band_begins_above_its_threshold(probability: float, risk: str) -> None:
    assert churn.risk(probability, NUMBERS) == risk


def test_the_bands_are_in_order() -> None:
    assert 0 < MEDIUM < HIGH < 1
