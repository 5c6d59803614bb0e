# Databricks notebook source
# MAGIC %md
# MAGIC # Train a challenger
# MAGIC
# MAGIC Fits one model on older trade and registers it as challenger of the champion. With too little trade there is no
# MAGIC challenger afterwards, and the exit value says why.
# MAGIC
# MAGIC **Job:** model_retraining · **Parameters:** `catalog`, `code_root`, `model`

# COMMAND ----------

import sys

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import retraining

catalog, folder = dbutils.widgets.get("catalog"), dbutils.widgets.get("code_root").removeprefix("/Workspace")
model = dbutils.widgets.get("model")
dbutils.notebook.exit(retraining.train(spark, catalog, model, retraining.registry(model, catalog, folder)))
