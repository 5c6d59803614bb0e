"""Rules for what a Terraform plan may do to a Databricks workspace, as checkov checks.

The one room that knows checkov, which lives in an environment of its own (`requirements/policy.txt`). Loaded by
`--external-checks-dir infra/policies` with the repository on PYTHONPATH, or run by `python -m infra.policies`.
"""
