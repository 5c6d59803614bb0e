# Databricks notebook source
# MAGIC %md
# MAGIC # Segments of customers
# MAGIC
# MAGIC Puts every customer who has ordered into the champion's segments. Without a champion it fits the first one; with
# MAGIC too few customers it keeps what is there, marked stale, and says why.
# MAGIC
# MAGIC **Job:** gold_aggregation · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import retraining, segmentation

catalog, folder = dbutils.widgets.get("catalog"), dbutils.widgets.get("code_root").removeprefix("/Workspace")
versions = retraining.registry(segmentation.MODEL, catalog, folder)
dbutils.notebook.exit(segmentation.score(spark, catalog, versions, lambda: datetime.now(UTC)))
