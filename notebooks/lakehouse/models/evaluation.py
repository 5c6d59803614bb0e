"""How good scores are against what happened: ranking, precision, calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CALIBRATION_BINS = 10


def auc(labels: Floats, scores: Floats) -> float:
    """Return how often a positive scores above a negative; ties count half."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        raise ValueError(f"AUC needs both classes: found {positives} positives among {len(labels)}.")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(labels: Floats, scores: Floats) -> float:
    """Return the area under precision over recall; rows with equal scores are taken together."""
    thresholds, inverse = np.unique(-scores, return_inverse=True)
    taken = np.bincount(inverse, minlength=len(thresholds)).cumsum()
    hits = np.bincount(inverse, weights=labels, minlength=len(thresholds)).cumsum()
    recall = hits / labels.sum()
    return float((np.diff(recall, prepend=0.0) * hits / taken).sum())


def brier(labels: Floats, probabilities: Floats) -> float:
    """Return the mean squared distance between probabilities and what happened: lower is better."""
    return float(((probabilities - labels) ** 2).mean())


def calibration_error(labels: Floats, probabilities: Floats) -> float:
    """Return how far, on average, a group's probability is from its share of positives, over ten equal groups."""
    order = np.argsort(probabilities, kind="stable")
    groups = np.array_split(order, min(CALIBRATION_BINS, len(order)))
    distances = [abs(probabilities[group].mean() - labels[group].mean()) * len(group) for group in groups]
    return float(sum(distances) / len(order))
