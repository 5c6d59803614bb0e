"""The platform's logic on a cluster: functions that take spark, a clock and parameters; no dbutils inside."""
