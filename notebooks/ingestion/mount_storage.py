# Databricks notebook source
# MAGIC %md
# MAGIC # Check what ingestion stands on
# MAGIC
# MAGIC Are the schemas there, can landing be read and the checkpoints be written? Creates bronze and what is watched.
# MAGIC
# MAGIC **Job:** bronze_ingestion · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import mount

mounted = mount.verify(spark, dbutils.widgets.get("catalog"))
dbutils.notebook.exit(mounted.to_json())
