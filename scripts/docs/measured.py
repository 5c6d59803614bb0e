"""Generated sections about what was measured: what a newcomer looks for, and what the page of scale starts from."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.docs.facts import Facts
from scripts.docs.figures import Measured
from scripts.docs.markdown import code, table


def shown(facts: Facts) -> str:
    """One line per figure with what it stands beside, and the machine that all of them were measured on."""
    return _section(facts, facts.figures.shown, beside=True)


def rates(facts: Facts) -> str:
    """One line per rate, and the machine."""
    return _section(facts, facts.figures.rates.values(), beside=False)


def _section(facts: Facts, measured: Iterable[Measured], *, beside: bool) -> str:
    heads = ("what", "took or came to", *(["beside"] if beside else []), "measured by", "on")
    rows = []
    for each in measured:
        peer = [f"{_amount(each.beside.figure, each.unit)}: {each.beside.name}" if each.beside else "-"]
        took = _amount(each.figure, each.unit)
        rows.append((each.name, took, *(peer if beside else []), code(each.command), each.date))
    return f"{table(heads, rows)}\n\nOn {facts.figures.machine}."


def _amount(figure: float, unit: str) -> str:
    return f"{figure:,g} {unit}"
