"""Secrets: from whoever holds them straight into the workspace."""
