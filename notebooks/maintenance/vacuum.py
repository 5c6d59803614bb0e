# Databricks notebook source
# MAGIC %md
# MAGIC # Delete files that no version needs
# MAGIC
# MAGIC Sets the retention of every table to the threshold `rollback`, then vacuums it.
# MAGIC
# MAGIC **Job:** table_maintenance · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import maintenance

dbutils.notebook.exit(maintenance.vacuum(spark, dbutils.widgets.get("catalog")))
