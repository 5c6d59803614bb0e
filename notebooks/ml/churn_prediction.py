# Databricks notebook source
# MAGIC %md
# MAGIC # Churn of active customers
# MAGIC
# MAGIC Predicts with the champion who will not order again within the window. Without a champion it fits the first one;
# MAGIC with too little history it keeps what is there, marked stale, and says why.
# MAGIC
# MAGIC **Job:** gold_aggregation · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import churn, retraining

catalog, folder = dbutils.widgets.get("catalog"), dbutils.widgets.get("code_root").removeprefix("/Workspace")
versions = retraining.registry(churn.MODEL, catalog, folder)
dbutils.notebook.exit(churn.score(spark, catalog, versions, lambda: datetime.now(UTC)))
