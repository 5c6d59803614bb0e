# Databricks notebook source
# MAGIC %md
# MAGIC # Products to show beside a product
# MAGIC
# MAGIC Writes ten suggestions for every product of the catalogue: bought together, else popular.
# MAGIC
# MAGIC **Job:** product_recommendations · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.models import recommendation

dbutils.notebook.exit(recommendation.recommend(spark, dbutils.widgets.get("catalog"), lambda: datetime.now(UTC)))
