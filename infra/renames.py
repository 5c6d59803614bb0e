"""Renames: what was declared under another address before. Without an entry a rename destroys and creates."""

from __future__ import annotations

# Old address to new one, as in "databricks_job.master": "databricks_job.master_pipeline". Terraform then moves the
# object in its state, and a job keeps its id and its runs. An entry may stay for ever; it has to stay until every
# environment has been deployed with it. A second rename of the same object is a second entry.
RENAMES: dict[str, str] = {}

# Addresses that some environments do not declare, so that a rename to one of them is no mistake there.
SOMEWHERE_ONLY = frozenset({"databricks_secret_acl.email-run-as"})
