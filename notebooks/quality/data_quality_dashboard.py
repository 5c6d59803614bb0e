# Databricks notebook source
# MAGIC %md
# MAGIC # Data quality of all layers
# MAGIC
# MAGIC Measures every table again, now that the whole load is through, and shows scores and failed checks.
# MAGIC
# MAGIC **Job:** master_pipeline · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import quality

summary = quality.report(spark, dbutils.widgets.get("catalog"), lambda: datetime.now(UTC))

# COMMAND ----------

display(spark.table("gold.data_quality_metrics").orderBy("layer", "table_name"))

# COMMAND ----------

display(spark.table("gold.data_quality_checks").where("not passed").orderBy("layer", "table_name", "check_name"))

# COMMAND ----------

dbutils.notebook.exit(summary)
