"""The regression finds what is there, says the same twice, and its document is the model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lakehouse.models import evaluation, logistic
from lakehouse.models.logistic import Logistic

RANDOM = np.random.default_rng(5)
ROWS = RANDOM.lognormal(1.0, 1.0, size=(4_000, 2))
CHANCE = 1 / (1 + np.exp(-(1.0 + 2.0 * np.log1p(ROWS[:, 0]) - 3.0 * np.log1p(ROWS[:, 1]))))
LABELS = (RANDOM.random(len(ROWS)) < CHANCE).astype(np.float64)


def test_weights_are_those_of_the_world() -> None:
    model = logistic.fit(["a", "b"], ROWS, LABELS)
    slopes = np.array(model.weights) / np.array(model.scales)
    assert slopes == pytest.approx([2.0, -3.0], abs=0.25)
    assert model.intercept - slopes @ np.array(model.means) == pytest.approx(1.0, abs=0.25)
    assert evaluation.calibration_error(LABELS, model.probabilities(ROWS)) < 0.02


def test_the_order_of_rows_changes_nothing_that_counts() -> None:
    shuffled = RANDOM.permutation(len(ROWS))
    model, other = logistic.fit(["a", "b"], ROWS, LABELS), logistic.fit(["a", "b"], ROWS[shuffled], LABELS[shuffled])
    assert model.weights == pytest.approx(other.weights, abs=1e-9)
    assert logistic.fit(["a", "b"], ROWS, LABELS) == model


def test_a_feature_that_never_changes_weighs_nothing() -> None:
    constant = np.column_stack([ROWS[:, 0], np.full(len(ROWS), 7.0)])
    model = logistic.fit(["a", "constant"], constant, LABELS)
    assert model.weights[1] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(model.probabilities(constant)).all()


def test_a_feature_that_tells_everything_stays_finite() -> None:
    model = logistic.fit(["a"], np.array([[0.0], [1.0]] * 50), np.array([0.0, 1.0] * 50))
    assert model.probabilities(np.array([[0.0], [1.0], [1e300]])) == pytest.approx([0, 1, 1], abs=0.1)


def test_the_document_is_the_model() -> None:
    model = logistic.fit(["a", "b"], ROWS, LABELS)
    again = Logistic.from_document(json.loads(json.dumps(model.as_document())))
    assert again == model
    assert (again.probabilities(ROWS) == model.probabilities(ROWS)).all()
