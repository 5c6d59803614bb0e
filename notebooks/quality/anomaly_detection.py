# Databricks notebook source
# MAGIC %md
# MAGIC # Days of trade that are not what their weekday lets expect
# MAGIC
# MAGIC Scores orders and revenue of each day into `gold.data_anomalies`. Without a range every day is scored and what
# MAGIC changed is written; with `first_day` or `last_day` (2026-11-30) only that range is.
# MAGIC
# MAGIC **Job:** master_pipeline · **Parameters:** `catalog`, `code_root`, `first_day`, `last_day`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import anomalies

days = anomalies.Range.parse(dbutils.widgets.get("first_day"), dbutils.widgets.get("last_day"))
said = anomalies.detect(spark, dbutils.widgets.get("catalog"), days, lambda: datetime.now(UTC))

# COMMAND ----------

display(spark.table("gold.data_anomalies").where("status = 'Anomaly Detected'").orderBy("order_date", ascending=False))

# COMMAND ----------

dbutils.notebook.exit(said)
