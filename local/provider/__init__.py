"""A Terraform provider for a workspace on this machine, for when the official one cannot be fetched.

It answers to the official address `databricks/databricks` 1.99.0, asks the REST API what the official provider asks,
and refuses every host that is not loopback.
"""
