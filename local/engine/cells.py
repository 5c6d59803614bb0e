"""The cells of a notebook in Databricks' source format."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlglot
from sqlglot.tokenizer_core import TokenType

_COMMENT = {"PYTHON": "#", "SQL": "--"}
_MAGIC = re.compile(r"%(\w+)[ \t]*\n?")
_LANGUAGES = {"python": "PYTHON", "sql": "SQL", "md": "MARKDOWN", "run": "RUN"}
_INSTEAD = {
    "pip": "install the package into the environment of the local workspace",
    "scala": "use Python or SQL",
    "r": "use Python or SQL",
    "sh": "use Python",
    "fs": "use dbutils.fs",
}


class NotebookError(Exception):
    """The notebook itself is at fault; the message names it, the cell and the mend."""


@dataclass(frozen=True)
class Cell:
    """One cell: its number from 1, its language, its text and the notebook line on which the text begins."""

    number: int
    language: str
    text: str
    line: int


def parse_cells(path: str, language: str, source: str) -> list[Cell]:
    """Split the source of a Python or SQL notebook; unsupported magics raise before anything runs."""
    comment = _COMMENT.get(language)
    if comment is None:
        raise NotebookError(f"{path} is a {language} notebook: the local workspace runs PYTHON and SQL notebooks.")
    lines = source.splitlines()
    first = 1 if lines and lines[0].strip() == f"{comment} Databricks notebook source" else 0
    separator = f"{comment} COMMAND ----------"
    cells: list[Cell] = []
    block: list[str] = []
    begin = first + 1
    for number, line in enumerate([*lines[first:], separator], start=first + 1):
        if line.strip() != separator:
            block.append(line)
            continue
        if any(text.strip() for text in block):
            cells.append(_cell(path, language, comment, len(cells) + 1, block, begin))
        block, begin = [], number + 1
    return cells


def split_statements(sql: str) -> list[str]:
    """Return the statements of a text, without what is only comment."""
    statements: list[str] = []
    begin = end = -1
    for token in sqlglot.tokenize(sql, read="databricks"):
        if token.token_type is TokenType.SEMICOLON:
            if begin >= 0:
                statements.append(sql[begin : end + 1])
            begin = -1
            continue
        begin, end = (token.start if begin < 0 else begin), token.end
    if begin >= 0:
        statements.append(sql[begin : end + 1])
    return statements


def _cell(path: str, language: str, comment: str, number: int, block: list[str], begin: int) -> Cell:
    magic = f"{comment} MAGIC"
    title = f"{comment} DBTITLE"
    while not block[0].strip() or block[0].startswith(title):
        block, begin = block[1:], begin + 1
        if not block:
            return Cell(number, "MARKDOWN", "", begin)
    if not block[0].startswith(f"{magic} %"):
        return Cell(number, language, "\n".join(block), begin)
    text = "\n".join(line.removeprefix(magic).removeprefix(" ") for line in block)
    found = _MAGIC.match(text)
    name = found[1] if found else ""
    if found is None or name not in _LANGUAGES:
        mend = _INSTEAD.get(name, "use %python, %sql, %md or %run")
        raise NotebookError(f"{path}, cell {number}: %{name} is not supported by the local workspace; {mend}.")
    return Cell(number, _LANGUAGES[name], text[found.end() :], begin + found[0].count("\n"))
