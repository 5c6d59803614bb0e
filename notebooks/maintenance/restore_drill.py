# Databricks notebook source
# MAGIC %md
# MAGIC # Can a table still be restored?
# MAGIC
# MAGIC On a month's first Sunday: copies a silver table, corrupts the copy, restores it and proves that both are equal.
# MAGIC The table itself is only read. On other days there is nothing to do; with `day` set to a first Sunday there is.
# MAGIC
# MAGIC **Job:** table_maintenance · **Parameters:** `catalog`, `code_root`, `day`

# COMMAND ----------

import json
import sys
from datetime import UTC, date, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import restore

day = date.fromisoformat(dbutils.widgets.get("day"))
if not restore.is_due(day):
    dbutils.notebook.exit(json.dumps({"not_due": day.isoformat()}))

# COMMAND ----------

dbutils.notebook.exit(restore.drill(spark, dbutils.widgets.get("catalog"), lambda: datetime.now(UTC)))
