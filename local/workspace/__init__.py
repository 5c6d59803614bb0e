"""The server: one loopback port, one token, objects in SQLite, every route of the Databricks API that we answer."""
