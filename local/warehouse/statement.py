"""One SQL statement as a piece of work for a session."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from pyspark.sql import SparkSession

from local.engine import dialect, metastore
from local.engine.refusal import Refused
from local.warehouse.parameters import Parameter, bound
from local.warehouse.results import Result, Shape, fetch
from local.warehouse.sessions import Work

_log = logging.getLogger(__name__)

# Session settings of a warehouse under their short names.
_SETTINGS = {"ansi_mode": "spark.sql.ansi.enabled", "timezone": "spark.sql.session.timeZone"}


def execute(sql: str, parameters: Sequence[Parameter], shape: Shape, row_limit: int | None = None) -> Work:
    """Return the work that runs a statement and holds its rows."""

    def work(spark: SparkSession) -> Result:
        args = bound(parameters) if parameters else None
        return fetch(dialect.run(spark, sql, args), shape, row_limit)

    return work


def use_namespace(spark: SparkSession, catalog: str | None, schema: str | None) -> None:
    """Make a catalog and a schema current; a schema that is not there yet is no error, clients create it later."""
    if catalog:
        known = [*metastore.catalogs(spark), metastore.SESSION_CATALOG]
        if catalog.lower() not in known:
            raise Refused(
                f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{catalog}' was not found. Please verify the catalog name and"
                " then retry the query or command again. SQLSTATE: 42704",
                "42704",
            )
        spark.catalog.setCurrentCatalog(catalog.lower())
    if schema and schema.lower() in metastore.schemas(spark):
        spark.catalog.setCurrentDatabase(schema)


def use_settings(spark: SparkSession, settings: Mapping[str, str]) -> None:
    """Apply a client's session settings; those that only a real warehouse knows are logged and left out."""
    for key, value in settings.items():
        name = _SETTINGS.get(key.lower(), key)
        if name.startswith("spark.sql."):
            spark.conf.set(name, value)
        elif not name.startswith("spark.thriftserver."):  # how results are encoded: each statement says it again
            _log.info("session setting %s is unknown here", key)
