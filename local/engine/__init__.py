"""The one Spark driver of a local workspace."""
