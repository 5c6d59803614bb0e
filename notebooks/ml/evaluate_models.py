# Databricks notebook source
# MAGIC %md
# MAGIC # Champion and challenger on the same rows
# MAGIC
# MAGIC Measures both of every model on trade that neither was fitted on, into `gold.model_performance`.
# MAGIC
# MAGIC **Job:** model_retraining · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import retraining

catalog, folder = dbutils.widgets.get("catalog"), dbutils.widgets.get("code_root").removeprefix("/Workspace")
registries = {model: retraining.registry(model, catalog, folder) for model in retraining.MODELS}
said = retraining.evaluate(spark, catalog, registries, lambda: datetime.now(UTC))

# COMMAND ----------

display(spark.table("gold.model_performance").orderBy("day", "model", "metric", "version"))

# COMMAND ----------

dbutils.notebook.exit(said)
