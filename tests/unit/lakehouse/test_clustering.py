"""Clusters and segments: the same rows in any order give the same, and names follow value."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lakehouse.models import clustering, rfm
from lakehouse.models.rfm import Segments
from lakehouse.models.skips import SkipError

RANDOM = np.random.default_rng(3)

# Four kinds of customers as logarithms of recency, days with orders, revenue: how many, and where their middle is.
KINDS = ((200, (1.0, 3.0, 8.0)), (300, (2.5, 1.8, 6.5)), (300, (4.0, 1.1, 5.0)), (200, (5.5, 0.7, 3.5)))


def customers() -> rfm.Floats:
    logs = np.vstack([RANDOM.normal(middle, 0.15, size=(count, 3)) for count, middle in KINDS])
    return np.asarray(np.expm1(logs), dtype=np.float64)


ROWS = customers()


def test_silhouette_is_the_textbook_one() -> None:
    rows = np.array([[0.0], [1.0], [10.0], [12.0], [50.0]])
    labels = np.array([0, 0, 1, 1, 2])
    # (b - a) / max(a, b) of each row, 0 for the one that is alone in its cluster.
    expected = [(11 - 1) / 11, (10 - 1) / 10, (9.5 - 2) / 9.5, (11.5 - 2) / 11.5, 0.0]
    assert clustering.silhouette(rows, labels) == pytest.approx(np.mean(expected))
    assert clustering.silhouette(rows, np.zeros(5, dtype=np.int64)) == 0


def test_the_number_of_clusters_is_the_one_that_fits() -> None:
    logs = np.log1p(ROWS)
    found = clustering.choose((logs - logs.mean(axis=0)) / logs.std(axis=0), (3, 4, 5, 6), 0.05)
    assert found is not None
    assert sorted(found.shares) == pytest.approx([0.2, 0.2, 0.3, 0.3])
    assert found.silhouette > 0.7


def test_a_cluster_too_small_is_none() -> None:
    rows = np.vstack([RANDOM.normal(0, 0.1, size=(98, 2)), [[50.0, 50.0]], [[90.0, -90.0]]])
    assert clustering.choose(rows, (3,), 0.05) is None
    assert clustering.choose(rows, (3,), 0.01) is not None


def test_names_follow_value_whatever_the_order_of_rows() -> None:
    model = rfm.fit(ROWS)
    names = np.array(model.names_of(ROWS))
    assert model.names == ("Champions", "Loyal", "Occasional", "Dormant")
    starts = np.cumsum([0, *(count for count, _ in KINDS)])
    for name, start, end in zip(model.names, starts, starts[1:], strict=False):
        assert (names[start:end] == name).mean() > 0.98, name
    shuffled = RANDOM.permutation(len(ROWS))
    again = rfm.fit(ROWS[shuffled])
    assert again.names_of(ROWS) == names.tolist()
    assert np.array(again.centroids) == pytest.approx(np.array(model.centroids))
    assert rfm.fit(ROWS) == model
    assert set(model.ranks_of(ROWS)) == {1, 2, 3, 4}


def test_too_few_customers_and_customers_all_alike_are_skipped() -> None:
    with pytest.raises(SkipError, match="99 customers have ordered, 100 are needed"):
        rfm.fit(ROWS[:99])
    with pytest.raises(SkipError, match="no 3 to 6 groups of customers hold 5% each"):
        rfm.fit(np.ones((500, 3)))


def test_the_document_is_the_model() -> None:
    model = rfm.fit(ROWS)
    again = Segments.from_document(json.loads(json.dumps(model.as_document())))
    assert again == model
    assert again.silhouette(ROWS) == model.silhouette(ROWS) > 0.7
