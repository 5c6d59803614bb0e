# Databricks notebook source
# MAGIC %md
# MAGIC # Mail what is wrong to those who must hear of it
# MAGIC
# MAGIC One digest per audience, by SMTP with STARTTLS and login. What was told is kept in `gold.told_incidents`, so
# MAGIC that nobody hears of an incident twice within the hour, and of an open one once a day. Without anything to tell
# MAGIC it sends nothing. `told_by_alerts` (`true` or `false`) says whether SQL alerts tell an incident first. Addresses
# MAGIC of a group are separated by commas; the password is key `password` of secret scope `email`. Where host, port and
# MAGIC sender are empty, nobody is mailed: the digest is shown here.
# MAGIC
# MAGIC **Job:** operational_monitoring · **Parameters:** `catalog`, `code_root`, `environment`, `smtp_host`,
# MAGIC `smtp_port`, `mail_sender`, `data_team`, `business_team`, `on_call`, `told_by_alerts`

# COMMAND ----------

import sys
from datetime import UTC, datetime

sys.path.append(dbutils.widgets.get("code_root") + "/notebooks")

from lakehouse.digest import telling

settings, password = telling.Settings.read(dbutils.widgets.get), lambda: dbutils.secrets.get("email", "password")
catalog, clock = dbutils.widgets.get("catalog"), lambda: datetime.now(UTC)
said = telling.tell(spark, catalog, settings, password, clock, displayHTML)
dbutils.notebook.exit(said)
