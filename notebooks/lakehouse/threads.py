"""Small pieces of work side by side: one scan of a small table leaves most of a cluster, and of a driver, idle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pyspark import inheritable_thread_target
from pyspark.sql import SparkSession

_AT_ONCE = 4
_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")


def side_by_side(spark: SparkSession, work: Callable[[_Piece], _Result], pieces: Iterable[_Piece]) -> list[_Result]:
    """Do the same to each piece, several at once, and return the results in order; raise what the first failing raised.

    What the caller's thread told Spark, so that its jobs can be found and cancelled, holds for these threads too.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # Wrapped for each: one wrapping is one set of notes of Spark's, and a query would lose its own to the next one.
        started = [pool.submit(inheritable_thread_target(spark)(work), piece) for piece in pieces]
        return [each.result() for each in started]
