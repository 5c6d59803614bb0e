"""Segments of customers by recency, frequency and money, named by how valuable their centre is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.models import clustering
from lakehouse.models.skips import SkipError

Floats = NDArray[np.float64]

FEATURES = ("recency_days", "order_days", "revenue")
_GOOD_WHEN = np.array([-1.0, 1.0, 1.0])  # long ago is bad, often and much are good

# The best segment and the worst have the same name whatever their number. Two groups are no segmentation, and more
# than six are more than anyone treats differently.
_NAMES: Mapping[int, tuple[str, ...]] = {
    3: ("Champions", "Regular", "Dormant"),
    4: ("Champions", "Loyal", "Occasional", "Dormant"),
    5: ("Champions", "Loyal", "Regular", "Occasional", "Dormant"),
    6: ("Champions", "Loyal", "Regular", "Occasional", "Fading", "Dormant"),
}
_SMALLEST_SHARE = 0.05  # a segment of fewer is a list of exceptions, and comes and goes with a handful of orders
LEAST_CUSTOMERS = 100  # twenty rows per segment and feature; below that a centroid is a few people


@dataclass(frozen=True)
class Segments:
    """Centroids in scaled logarithms, the most valuable first, and their names."""

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    centroids: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]

    def ranks_of(self, rows: Floats) -> list[int]:
        """Return the place of each row's segment, 1 for the most valuable; columns are the features in their order."""
        return [int(each) + 1 for each in clustering.nearest(self.scaled(rows), np.array(self.centroids))]

    def names_of(self, rows: Floats) -> list[str]:
        """Return the name of each row's segment."""
        return [self.names[rank - 1] for rank in self.ranks_of(rows)]

    def silhouette(self, rows: Floats) -> float:
        """Return how well these segments are apart on some rows, -1 to 1."""
        return clustering.silhouette(self.scaled(rows), np.array(self.ranks_of(rows)))

    def scaled(self, rows: Floats) -> Floats:
        """Return rows as the centroids see them."""
        scaled: Floats = (np.log1p(rows) - np.array(self.means)) / np.array(self.scales)
        return scaled

    def as_document(self) -> dict[str, Any]:
        """Return the model as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Segments:
        """Read what `as_document` wrote."""
        return cls(
            features=tuple(document["features"]),
            means=tuple(document["means"]),
            scales=tuple(document["scales"]),
            centroids=tuple(tuple(centroid) for centroid in document["centroids"]),
            names=tuple(document["names"]),
        )


def fit(rows: Floats, sizes: Sequence[int] = tuple(_NAMES)) -> Segments:
    """Find segments in rows of FEATURES; SkipError when they are too few or fall into no groups worth a name."""
    if len(rows) < LEAST_CUSTOMERS:
        raise SkipError(f"{len(rows)} customers have ordered, {LEAST_CUSTOMERS} are needed")
    logs = np.log1p(rows)
    means, scales = logs.mean(axis=0), logs.std(axis=0)
    scales[scales == 0] = 1.0
    found = clustering.choose((logs - means) / scales, sizes, _SMALLEST_SHARE)
    if found is None:
        raise SkipError(f"no {min(sizes)} to {max(sizes)} groups of customers hold {_SMALLEST_SHARE:.0%} each")
    value = found.centroids @ _GOOD_WHEN
    ranked = found.centroids[np.argsort(-value, kind="stable")]
    return Segments(
        features=FEATURES,
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        centroids=tuple(tuple(centroid) for centroid in ranked.tolist()),
        names=_NAMES[len(ranked)],
    )
