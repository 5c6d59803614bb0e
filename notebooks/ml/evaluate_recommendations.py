# Databricks notebook source
# MAGIC %md
# MAGIC # How often a suggestion is right
# MAGIC
# MAGIC Learns without the last four weeks, asks for one hidden product of each of their orders, and keeps the share of
# MAGIC hits in `gold.model_performance`, beside what popularity alone reaches.
# MAGIC
# MAGIC **Job:** product_recommendations · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import recommendation

dbutils.notebook.exit(recommendation.evaluate(spark, dbutils.widgets.get("catalog"), lambda: datetime.now(UTC)))
