"""Policies over plans: what checkov found, what is waived, and how that is told."""
