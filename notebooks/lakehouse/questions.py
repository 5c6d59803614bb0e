"""Questions: one `.sql` file each, with a strict header, and markers that stand for thresholds.

A file starts with one comment line per key, then the statement:

    -- title: Table freshness
    -- description: Age of the newest row of every table.
    -- owner: data-engineering

`:stale_hours` in the text is a marker. The same text runs with its markers bound (`spark.sql(text, args=…)`) or
written out as literals, for readers that take no arguments (alerts, dashboards).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lakehouse.thresholds import Thresholds

_HEADER_KEYS = ("title", "description", "owner")
_HEADER_LINE = re.compile(r"--\s*([A-Za-z_]+):\s*(.*)")

# Quoted text and comments are matched first, so a colon inside them is never taken for a marker; `a:b` and `a::int`
# are a path into semi-structured data and a cast.
_TOKENS = re.compile(
    r"""(?P<skip>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.)*" | `[^`]*` | --[^\n]* | /\*.*?\*/)
      | (?<![\w:\])]):(?P<marker>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)


class QuestionError(ValueError):
    """A question file that does not say what it is, or asks for what is not defined."""


@dataclass(frozen=True)
class Question:
    """One question: what it is called, what it answers, who owns it, its statement and the markers in it."""

    name: str
    title: str
    description: str
    owner: str
    sql: str
    markers: tuple[str, ...]


def load_all(folder: Path) -> dict[str, Question]:
    """Read every question of a folder by name, in order of name; a folder without any is an error."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise QuestionError(f"{folder}: no question (*.sql) found")
    return {file.stem: load(file) for file in files}


def load(file: Path) -> Question:
    """Read one question file."""
    sql = file.read_text(encoding="utf-8")
    header = _header(file, sql)
    statement = _statement(sql)
    if not statement:
        raise QuestionError(f"{file}: has a header and no statement")
    if ";" in statement:
        raise QuestionError(f"{file}: a question is one statement without ';'")
    markers = sorted({match["marker"] for match in _TOKENS.finditer(sql) if match["marker"]})
    return Question(name=file.stem, sql=sql, markers=tuple(markers), **header)


def bind(question: Question, thresholds: Thresholds) -> dict[str, int | float]:
    """Return the arguments for `spark.sql(question.sql, args=…)`; an undefined marker is an error."""
    undefined = [marker for marker in question.markers if marker not in thresholds]
    if undefined:
        markers = ", ".join(f":{marker}" for marker in undefined)
        raise QuestionError(f"Question '{question.name}': {markers} not defined in sql/thresholds.toml")
    return {marker: thresholds.value(marker) for marker in question.markers}


def literal(question: Question, thresholds: Thresholds) -> str:
    """Return the statement with every marker written out as its number."""
    arguments = bind(question, thresholds)

    def write(match: re.Match[str]) -> str:
        marker = match["marker"]
        return _number(arguments[marker]) if marker else match[0]

    return _TOKENS.sub(write, question.sql)


def _number(value: int | float) -> str:
    # The suffix keeps a bound float and a written one the same type; a bare 3.5 would be a decimal.
    return f"{value!r}D" if isinstance(value, float) else str(value)


def _statement(sql: str) -> str:
    """The text without comments and with quoted text blanked."""

    def clean(match: re.Match[str]) -> str:
        if match["marker"]:
            return match[0]
        return "" if match[0].startswith(("--", "/*")) else "''"

    return _TOKENS.sub(clean, sql).strip()


def _header(file: Path, sql: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        match = _HEADER_LINE.fullmatch(line.strip())
        if not match:
            raise QuestionError(f"{file}: header line is not '-- key: value': {line!r}")
        key, value = match.groups()
        if key not in _HEADER_KEYS:
            raise QuestionError(f"{file}: unknown header key '{key}', allowed: {', '.join(_HEADER_KEYS)}")
        if key in header:
            raise QuestionError(f"{file}: header key '{key}' is given twice")
        if not value:
            raise QuestionError(f"{file}: header key '{key}' is empty")
        header[key] = value
    if missing := [key for key in _HEADER_KEYS if key not in header]:
        raise QuestionError(f"{file}: missing header key: {', '.join(missing)}")
    return header
