"""Pieces of work side by side in one Spark."""

from __future__ import annotations

from threading import Barrier

import pytest
from pyspark.sql import SparkSession

from lakehouse.threads import side_by_side

pytestmark = pytest.mark.slow


def test_each_piece_has_its_own_notes_and_those_of_its_caller(spark: SparkSession) -> None:
    """Spark notes for each thread which query it runs; one whose note is gone fails with `Cannot parse null string`."""
    together = Barrier(3)

    def note(piece: int) -> tuple[str | None, str | None]:
        spark.sparkContext.setLocalProperty("piece", str(piece))
        together.wait(timeout=30)
        return spark.sparkContext.getLocalProperty("piece"), spark.sparkContext.getLocalProperty("caller")

    spark.sparkContext.setLocalProperty("caller", "of all")
    try:
        assert side_by_side(spark, note, range(3)) == [(str(piece), "of all") for piece in range(3)]
    finally:
        # None takes it away, as Spark documents; PySpark's annotation has strings only.
        spark.sparkContext.setLocalProperty("caller", None)  # type: ignore[arg-type]


def test_the_first_failure_is_raised_once_all_have_ended(spark: SparkSession) -> None:
    ended = []

    def work(piece: int) -> int:
        if piece == 1:
            raise ValueError("the second")
        ended.append(piece)
        return piece

    with pytest.raises(ValueError, match="the second"):
        side_by_side(spark, work, range(4))
    assert sorted(ended) == [0, 2, 3]
