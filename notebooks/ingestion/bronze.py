# Databricks notebook source
# MAGIC %md
# MAGIC # Ingest one source into bronze
# MAGIC
# MAGIC Every new line of landing becomes a row of `bronze.<source>` or of `bronze.quarantine`, once.
# MAGIC The exit value counts both, and names files whose header was refused.
# MAGIC
# MAGIC **Job:** bronze_ingestion · **Parameters:** `catalog`, `code_root`, `source`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import bronze, sources

source = sources.find(dbutils.widgets.get("source"))
ingested = bronze.ingest(spark, dbutils.widgets.get("catalog"), source, lambda: datetime.now(UTC))
dbutils.notebook.exit(ingested.to_json())
