"""Measurements with a goal, taken on the machine at hand."""
