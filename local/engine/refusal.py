"""Statements that are turned down before Spark sees them, and names that `dbutils` has on Databricks alone."""

from __future__ import annotations

from typing import NoReturn


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A statement turned down, with the SQLSTATE that a SQL warehouse would give."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


def refused(condition: str, message: str, sqlstate: str) -> Refused:
    """Return a refusal worded as Databricks words its error conditions."""
    return Refused(f"[{condition}] {message} SQLSTATE: {sqlstate}", sqlstate)


class Part:
    """A part of `dbutils`: a name that it lacks is refused by name, with those that it has."""

    _called = ""

    def __init_subclass__(cls, called: str) -> None:
        cls._called = called

    def __getattr__(self, name: str) -> NoReturn:
        # Also asked for by whoever only looks (hasattr, copy, a notebook's page), so it stays an AttributeError.
        has = ", ".join(sorted(each for each in {*dir(type(self)), *vars(self)} if not each.startswith("_")))
        raise AttributeError(
            f"{self._called}.{name} is not supported by the local workspace; {self._called} has {has}."
        )
