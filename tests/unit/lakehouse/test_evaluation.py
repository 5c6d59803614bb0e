"""Measures against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.models import evaluation

LABELS = np.array([1.0, 0.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.1, 0.8, 0.2, 0.3], 1.0),
        ([0.1, 0.9, 0.2, 0.8, 0.7], 0.0),
        ([0.5, 0.5, 0.5, 0.5, 0.5], 0.5),
        ([0.9, 0.1, 0.2, 0.2, 0.3], 4.5 / 6),  # the second positive: above one negative, equal to one, below one
    ],
)
def test_auc(scores: list[float], expected: float) -> None:
    assert evaluation.auc(LABELS, np.array(scores)) == pytest.approx(expected)


@pytest.mark.parametrize("labels", [np.zeros(3), np.ones(3)])
def test_auc_of_one_class_is_refused(labels: evaluation.Floats) -> None:
    with pytest.raises(ValueError, match="AUC needs both classes"):
        evaluation.auc(labels, np.array([0.1, 0.2, 0.3]))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.1, 0.8, 0.2, 0.3], 1.0),
        ([0.5, 0.5, 0.5, 0.5, 0.5], 2 / 5),
        ([0.9, 0.8, 0.7, 0.2, 0.1], 0.5 * 1 + 0.5 * 2 / 3),
    ],
)
def test_average_precision(scores: list[float], expected: float) -> None:
    assert evaluation.average_precision(LABELS, np.array(scores)) == pytest.approx(expected)


def test_brier() -> None:
    assert evaluation.brier(LABELS, np.array([1.0, 0.0, 0.5, 0.0, 1.0])) == pytest.approx((0.25 + 1) / 5)


def test_calibration_error_is_the_mean_distance_of_the_groups() -> None:
    labels = np.array(([0.0] * 8 + [1.0] * 2) * 10)
    assert evaluation.calibration_error(labels, np.full(100, 0.2)) == pytest.approx(0.0)
    assert evaluation.calibration_error(labels, np.full(100, 0.7)) == pytest.approx(0.5)
    # The mean over all rows fits, the groups do not.
    halves = np.array([0.0] * 50 + [0.4] * 50)
    assert evaluation.calibration_error(np.sort(np.tile([0.0, 0.0, 0.0, 0.0, 1.0], 20))[::-1], halves) > 0.2
