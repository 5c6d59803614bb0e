"""Generated sections about what was measured: what a newcomer looks for, and what the page of scale starts from."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.docs.facts import Facts
from scripts.docs.figures import Measured
from scripts.docs.markdown import code, table


def shown(facts: Facts) -> str:
    """One line per figure, and the machine that all of them were measured on."""
    return _section(facts, facts.figures.shown)


def rates(facts: Facts) -> str:
    """One line per rate, and the machine."""
    return _section(facts, facts.figures.rates.values())


def _section(facts: Facts, measured: Iterable[Measured]) -> str:
    rows = [(each.name, f"{each.figure:,g} {each.unit}", code(each.command), each.date) for each in measured]
    return f"{table(('what', 'took or came to', 'measured by', 'on'), rows)}\n\nOn {facts.figures.machine}."
