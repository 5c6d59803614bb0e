# Databricks notebook source
# MAGIC %md
# MAGIC # Promote challengers that are no worse
# MAGIC
# MAGIC Moves the alias `champion` of each model whose challenger was measured no worse on the same day and rows.
# MAGIC
# MAGIC **Job:** model_retraining · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import retraining

catalog, folder = dbutils.widgets.get("catalog"), dbutils.widgets.get("code_root").removeprefix("/Workspace")
registries = {model: retraining.registry(model, catalog, folder) for model in retraining.MODELS}
dbutils.notebook.exit(retraining.promote(spark, catalog, registries))
