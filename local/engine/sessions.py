"""Spark sessions for everyone who runs something in the driver, and how to cancel what runs in them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession

from local.engine.session import add_catalogs, catalog_names, new_session

# Spark may start the next job of a statement after the first was cancelled: ask again this often.
CANCEL_EVERY_SECONDS = 0.1


class Sessions:
    """Hands out sessions of the one Spark; safe to share between threads."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._catalogs = threading.Lock()

    @property
    def version(self) -> str:
        """Version of Spark."""
        return str(self._spark.version)

    def new(self, catalog: str | None = None, schema: str | None = None) -> SparkSession:
        """Return a fresh session for the calling thread; call it on the thread that will use the session."""
        session = new_session(self._spark)
        if catalog is not None:
            session.catalog.setCurrentCatalog(catalog)
        if schema is not None:
            session.sql(f"USE {_quoted(schema)}")
        return session

    def tag(self, tag: str) -> None:
        """Mark the Spark jobs that the calling thread starts from here on, so that `cancel` finds them."""
        self._spark.sparkContext.addJobTag(tag)

    def untag(self, tag: str) -> None:
        """Stop marking jobs of the calling thread."""
        self._spark.sparkContext.removeJobTag(tag)

    def pool(self, name: str) -> None:
        """Give the calling thread's jobs a fair share of their own."""
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", name)

    def cancel(self, tag: str, ended: threading.Event, between: Callable[[], None] | None = None) -> None:
        """Cancel the jobs of a tag, and those that follow them, until `ended` is set; `between` runs in each round."""
        while True:
            # Spark refuses once it is stopping; then the jobs end anyway.
            with contextlib.suppress(Exception):
                self._spark.sparkContext.cancelJobsWithTag(tag)
            if between is not None:
                between()
            if ended.wait(CANCEL_EVERY_SECONDS):
                return

    def ensure(self, catalogs: Mapping[str, Sequence[str]]) -> None:
        """Make catalog aliases and schemas exist; what exists stays as it is."""
        with self._catalogs:
            known = set(catalog_names(self._spark))
            missing = [name for name in catalogs if name not in known]
            add_catalogs(self._spark, missing)
            session = new_session(self._spark)
            present = {row[0] for row in session.sql("SHOW DATABASES").collect()}
            for schema in dict.fromkeys(name for names in catalogs.values() for name in names):
                if schema not in present:
                    session.sql(f"CREATE DATABASE IF NOT EXISTS {_quoted(schema)}")

    def stop(self) -> None:
        """Stop Spark."""
        self._spark.stop()

    def jvm(self) -> Any:
        """Return the process of the Java virtual machine."""
        gateway: Any = self._spark.sparkContext._gateway
        return gateway.proc


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
