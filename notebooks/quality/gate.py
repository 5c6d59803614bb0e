# Databricks notebook source
# MAGIC %md
# MAGIC # Quality gate of one layer
# MAGIC
# MAGIC Measures the layer's checks and fails the run when a table scores below `quality_stop`.
# MAGIC
# MAGIC **Jobs:** bronze_ingestion, silver_transformation, gold_aggregation ·
# MAGIC **Parameters:** `catalog`, `code_root`, `layer`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import quality

catalog, layer = dbutils.widgets.get("catalog"), dbutils.widgets.get("layer")
dbutils.notebook.exit(quality.gate(spark, catalog, layer, lambda: datetime.now(UTC)))
