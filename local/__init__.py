"""The machine-local stand-ins: they know Databricks and nothing of this project."""
