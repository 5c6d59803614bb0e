"""k-means that gives the same clusters for the same rows, and the number of clusters that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_SEED = 20_240_229
_RESTARTS = 8
_MOST_STEPS = 100
# Silhouettes compare all pairs: 2,000 rows are 4 million distances, and its mean is known to a hundredth by then.
_SILHOUETTE_ROWS = 2_000


@dataclass(frozen=True)
class Clusters:
    """Centroids in order of their first coordinates, how rows spread over them, how well they are apart."""

    centroids: Floats
    shares: tuple[float, ...]
    silhouette: float


def choose(rows: Floats, sizes: Sequence[int], smallest_share: float) -> Clusters | None:
    """Return the clustering with the best silhouette whose clusters all have a minimum share; None when none has."""
    found = [cluster(rows, size) for size in sizes if size < len(np.unique(rows, axis=0))]
    large = [clusters for clusters in found if min(clusters.shares) >= smallest_share]
    return max(large, key=lambda clusters: clusters.silhouette, default=None)


def cluster(rows: Floats, size: int) -> Clusters:
    """Cluster rows into `size` groups; the same rows in any order give the same centroids."""
    rows = rows[np.lexsort(rows.T[::-1])]
    random = np.random.default_rng(_SEED)
    attempts = [_settle(rows, _spread(rows, size, random)) for _ in range(_RESTARTS)]
    centroids = min(attempts, key=lambda each: float(_distances(rows, each).min(axis=1).sum()))
    centroids = centroids[np.lexsort(centroids.T[::-1])]
    labels = nearest(rows, centroids)
    shares = np.bincount(labels, minlength=size) / len(rows)
    return Clusters(centroids, tuple(shares.tolist()), silhouette(rows, labels))


def nearest(rows: Floats, centroids: Floats) -> Labels:
    """Return the index of the nearest centroid of each row."""
    return np.asarray(_distances(rows, centroids).argmin(axis=1), dtype=np.int64)


def silhouette(rows: Floats, labels: Labels) -> float:
    """Return the mean silhouette (-1 to 1) of evenly picked rows; 0 when there is only one cluster."""
    step = max(1, -(-len(rows) // _SILHOUETTE_ROWS))
    rows, labels = rows[::step], labels[::step]
    names, members = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return 0.0
    one_hot = np.eye(len(names))[members]
    counts = one_hot.sum(axis=0)
    sums = np.sqrt(_distances(rows, rows)) @ one_hot
    own = np.arange(len(rows)), members
    alone = counts[members] == 1
    inside = sums[own] / np.where(alone, 1, counts[members] - 1)
    means = sums / counts
    means[own] = np.inf
    outside = means.min(axis=1)
    width = (outside - inside) / np.maximum(np.maximum(inside, outside), np.finfo(np.float64).tiny)
    return float(np.where(alone, 0.0, width).mean())


def _spread(rows: Floats, size: int, random: np.random.Generator) -> Floats:
    """Pick first centroids far from each other (k-means++)."""
    centroids = rows[[random.integers(len(rows))]]
    while len(centroids) < size:
        distances = _distances(rows, centroids).min(axis=1)
        chosen = random.choice(len(rows), p=distances / distances.sum())
        centroids = np.vstack([centroids, rows[chosen]])
    return centroids


def _settle(rows: Floats, centroids: Floats) -> Floats:
    for _ in range(_MOST_STEPS):
        labels = nearest(rows, centroids)
        moved = np.vstack(
            [
                rows[labels == each].mean(axis=0) if (labels == each).any() else centroids[each]
                for each in range(len(centroids))
            ]
        )
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids


def _distances(rows: Floats, others: Floats) -> Floats:
    """Return squared distances, rows by others."""
    products = rows @ others.T
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :] - 2 * products
    return np.asarray(np.maximum(squares, 0.0), dtype=np.float64)
