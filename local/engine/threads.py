"""Threads and foreachBatch functions that belong to the notebook run that began them."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql.streaming import DataStreamWriter


def inherit_context() -> None:
    """Let threads and foreachBatch functions inherit context variables, as threads of later Pythons can."""
    start = threading.Thread.start

    def start_with_context(self: threading.Thread) -> None:
        context = contextvars.copy_context()
        run = self.run
        self.run = lambda: context.run(run)  # type: ignore[method-assign]
        start(self)

    threading.Thread.start = start_with_context  # type: ignore[method-assign]
    foreach_batch = DataStreamWriter.foreachBatch

    def foreach_batch_with_context(self: DataStreamWriter, func: Callable[[DataFrame, int], None]) -> DataStreamWriter:
        context = contextvars.copy_context()
        return foreach_batch(self, lambda batch, batch_id: context.copy().run(func, batch, batch_id))

    DataStreamWriter.foreachBatch = foreach_batch_with_context
