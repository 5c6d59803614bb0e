"""From specs to CDKTF constructs, by what they are: storage, compute, code, access, jobs, alerts, dashboards.

Nothing else of the platform, but the stack and main, knows CDKTF.
"""
