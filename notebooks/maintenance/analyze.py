# Databricks notebook source
# MAGIC %md
# MAGIC # Statistics of every table
# MAGIC
# MAGIC Computes what the optimizer knows of the tables' columns.
# MAGIC
# MAGIC **Job:** table_maintenance · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import maintenance

dbutils.notebook.exit(maintenance.analyze(spark, dbutils.widgets.get("catalog")))
