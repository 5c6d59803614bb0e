"""Text on a console as it stands: nothing in it is markup, an emoji or a number to colour, and no line is broken."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console


def say(console: Console, text: str, style: str = "") -> None:
    """Print a text as it stands."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True, emoji=False)


def say_json(console: Console, value: Any) -> None:
    """Print a value as one line of JSON."""
    say(console, json.dumps(value, ensure_ascii=False))
