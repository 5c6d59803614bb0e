"""Statements that are turned down before Spark sees them."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A statement turned down, with the SQLSTATE that a SQL warehouse would give."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


def refused(condition: str, message: str, sqlstate: str) -> Refused:
    """Return a refusal worded as Databricks words its error conditions."""
    return Refused(f"[{condition}] {message} SQLSTATE: {sqlstate}", sqlstate)
