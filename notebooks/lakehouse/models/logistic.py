"""Logistic regression on logarithms of counts and amounts, small enough to be read as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Pulls weights of features that say the same thing together instead of apart; the fit hardly notices it otherwise.
_RIDGE = 1.0
_MOST_STEPS = 50
_CONVERGED = 1e-9


@dataclass(frozen=True)
class Logistic:
    """One fitted model: how each feature is scaled after its logarithm, and what it weighs."""

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def probabilities(self, rows: Floats) -> Floats:
        """Return one probability per row; columns are the features in their order."""
        return _sigmoid(self.intercept + _scaled(rows, self.means, self.scales) @ np.array(self.weights))

    def as_document(self) -> dict[str, Any]:
        """Return the model as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Logistic:
        """Read what `as_document` wrote."""
        return cls(
            features=tuple(document["features"]),
            means=tuple(document["means"]),
            scales=tuple(document["scales"]),
            weights=tuple(document["weights"]),
            intercept=float(document["intercept"]),
        )


def fit(features: Sequence[str], rows: Floats, labels: Floats) -> Logistic:
    """Fit by Newton's method: the same rows give the same weights, on every machine."""
    logs = np.log1p(rows)
    means, scales = logs.mean(axis=0), logs.std(axis=0)
    scales[scales == 0] = 1.0  # a feature that never changes has nothing to say, and is no reason to divide by zero
    design = np.column_stack([np.ones(len(rows)), _scaled(rows, means, scales)])
    ridge = np.diag([0.0, *[_RIDGE] * len(features)])
    weights = np.zeros(design.shape[1])
    for _ in range(_MOST_STEPS):
        expected = _sigmoid(design @ weights)
        slope = design.T @ (expected - labels) + ridge @ weights
        curve = design.T @ (design * (expected * (1 - expected))[:, None]) + ridge
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < _CONVERGED:
            break
    return Logistic(
        features=tuple(features),
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        weights=tuple(weights[1:].tolist()),
        intercept=float(weights[0]),
    )


def _scaled(rows: Floats, means: Sequence[float] | Floats, scales: Sequence[float] | Floats) -> Floats:
    scaled: Floats = (np.log1p(rows) - np.asarray(means)) / np.asarray(scales)
    return scaled


def _sigmoid(values: Floats) -> Floats:
    # Beyond 35 the probability is 1 to the last bit, and exp would only overflow.
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(values, -35.0, 35.0)))
    return result
