# Databricks notebook source
# MAGIC %md
# MAGIC # Bring one table back
# MAGIC
# MAGIC **Destructive:** gives `table` (silver.fact_orders) the rows it had at `moment` (2026-11-30 06:00:00, UTC). What
# MAGIC was written since is undone by a new version; the exit value names the version that was current.
# MAGIC
# MAGIC **Run by hand** · **Parameters:** `catalog`, `code_root`, `table`, `moment`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import restore

spark.catalog.setCurrentCatalog(dbutils.widgets.get("catalog"))
table, moment = dbutils.widgets.get("table"), datetime.fromisoformat(dbutils.widgets.get("moment")).replace(tzinfo=UTC)
version = restore.version_at(spark, table, moment)
dbutils.notebook.exit(restore.restore(spark, table, version, lambda: datetime.now(UTC)).to_json())
