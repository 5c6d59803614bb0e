# Databricks notebook source
# MAGIC %md
# MAGIC # Operations: what is wrong, since when
# MAGIC
# MAGIC Asks the questions of `sql/queries` and shows their answers. The exit value is the health summary as JSON; a
# MAGIC question that cannot be answered makes it Critical and is named there.
# MAGIC
# MAGIC **Job:** operational_monitoring · **Parameters:** `catalog`, `code_root`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse import monitoring

report = monitoring.report(spark, dbutils.widgets.get("catalog"), lambda: datetime.now(UTC))

# COMMAND ----------

display(report.frame(spark, "critical_alerts"))

# COMMAND ----------

display(report.frame(spark, "pipeline_health"))

# COMMAND ----------

display(report.frame(spark, "table_freshness"))

# COMMAND ----------

display(report.frame(spark, "quality_summary"))

# COMMAND ----------

display(report.frame(spark, "recent_anomalies"))

# COMMAND ----------

display(report.frame(spark, "churn_risks"))

# COMMAND ----------

display(report.frame(spark, "ml_model_health"))

# COMMAND ----------

display(report.frame(spark, "system_performance"))

# COMMAND ----------

display(report.frame(spark, "daily_summary"))

# COMMAND ----------

display(monitoring.revenue_figure(spark, days=30))

# COMMAND ----------

dbutils.notebook.exit(report.health())
