"""Figures of a dashboard in the format that its widget asks for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from local.pages.words import number

_SHORT = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def figure(text: str, wanted: Mapping[str, Any] | None) -> str:
    """Return a number as Lakeview's `format` says; without one, or for what is no number, as people write it."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not wanted or not value.is_finite():
        return number(text)
    kind, suffix = wanted.get("type"), ""
    if kind == "number-percent":
        value, suffix = value * 100, "%"
    if wanted.get("abbreviation") == "compact":
        value, suffix = _shortened(value, suffix)
    shown = _rounded(value, wanted.get("decimalPlaces") or {}, grouped=kind != "number-plain") + suffix
    if kind != "number-currency":
        return shown
    code = str(wanted.get("currencyCode", ""))
    sign = _SIGNS.get(code, f"{code} " if code else "")
    return f"-{sign}{shown[1:]}" if shown.startswith("-") else f"{sign}{shown}"


def _shortened(value: Decimal, suffix: str) -> tuple[Decimal, str]:
    for limit, letter in _SHORT:
        if abs(value) >= limit:
            return value / limit, letter + suffix
    return value, suffix


def _rounded(value: Decimal, places: Mapping[str, Any], grouped: bool) -> str:
    count = int(places.get("places", 2))
    shown = f"{value:,.{count}f}" if grouped else f"{value:.{count}f}"
    if places.get("type") != "exact" and "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return shown
