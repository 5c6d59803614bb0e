"""Saved queries as those who run them need them: the values that their parameters have when nobody gives others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TYPES = {"numeric_value": "DOUBLE", "date_value": "DATE"}


def saved_parameters(query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return name, value and type of each; kinds with several values keep their first."""
    parameters = []
    for item in query.get("parameters") or []:
        kind = next((key for key in item if key.endswith("_value")), None)
        held = item[kind] if kind else {}
        value = held.get("value", held.get("date_value", next(iter(held.get("values") or []), None)))
        text = None if value is None else str(value)
        parameters.append({"name": item["name"], "value": text, "type": _TYPES.get(kind or "", "STRING")})
    return parameters
