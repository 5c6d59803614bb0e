# Databricks notebook source
# MAGIC %md
# MAGIC # Put small files together
# MAGIC
# MAGIC Optimizes every table of bronze, snapshots, silver and gold. The exit value says what that did.
# MAGIC
# MAGIC **Job:** table_maintenance · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import maintenance

dbutils.notebook.exit(maintenance.optimize(spark, dbutils.widgets.get("catalog")))
