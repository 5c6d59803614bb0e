"""SQL text without a parser: literals, comments and names."""

from __future__ import annotations

import re

_OPAQUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|--[^\n]*|/\*.*?\*/|(`[^`]*`)", re.DOTALL)
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_NAME = re.compile(r"`[^`]*`")
_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_PART = re.compile(r"`((?:[^`]|``)*)`|([^.`\s]+)")

PART = r"(?:`(?:[^`]|``)+`|\w+)"
NOTHING = ""  # the statement that does nothing
NAME = rf"{PART}(?:\s*\.\s*{PART})*"


def quoted(text: str) -> str:
    """Return text as a SQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def identifier(name: str) -> str:
    """Return a name in backticks."""
    return "`" + name.replace("`", "``") + "`"


def parts(name: str) -> list[str]:
    """Split a dotted name into its parts, unquoted."""
    return [match.group(1).replace("``", "`") if match.group(1) else match.group(2) for match in _PART.finditer(name)]


def blanked(sql: str) -> str:
    """Return a statement of the same length with string literals and comments blanked; names in backticks stay."""
    return _OPAQUE.sub(lambda match: match.group(1) or " " * len(match.group()), sql)


def bare(sql: str) -> str:
    """Return a statement without leading comments and trailing semicolons."""
    start = _LEADING.match(sql)
    return sql[start.end() if start else 0 :].rstrip().rstrip(";").rstrip()


def strings(sql: str) -> list[str]:
    """Return the values of all string literals of a text, in order."""
    return [re.sub(r"\\(.)", r"\1", match.group()[1:-1], flags=re.DOTALL) for match in _STRING.finditer(sql)]


def closing(blank: str, opening: int) -> int:
    """Return where the parenthesis that opens at `opening` closes, in a blanked text; its length if it does not."""
    depth = 0
    for position in range(opening, len(blank)):
        depth += {"(": 1, ")": -1}.get(blank[position], 0)
        if depth == 0:
            return position
    return len(blank)


def items(sql: str) -> list[str]:
    """Split the inside of a list of column definitions at its commas, not at those of types and expressions."""
    depth, angles, start, found = 0, 0, 0, []
    for position, sign in enumerate(_NAME.sub(lambda match: " " * len(match.group()), blanked(sql))):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:  # inside parentheses < and > compare
            angles += {"<": 1, ">": -1}.get(sign, 0)
            if sign == "," and angles == 0:
                found.append(sql[start:position].strip())
                start = position + 1
    return [*found, sql[start:].strip()]
