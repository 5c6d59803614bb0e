"""Alerts: their conditions evaluated on schedule, their history, whom they tell."""
