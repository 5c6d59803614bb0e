"""Changes to SQL text that leave everything else of the text, comments included, as it was."""

from __future__ import annotations

from functools import cache

from sqlglot import Dialect, Token, TokenType, exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify as resolve_names

SCHEMAS = ("landing", "bronze", "staging", "snapshots", "silver", "gold")

_NAMES = (TokenType.VAR, TokenType.IDENTIFIER)


class SqlTextError(ValueError):
    """SQL that cannot be rewritten without guessing."""


def qualify(text: str, catalog: str) -> str:
    """Put the catalog in front of every `<schema>.<table>`; names that have one already keep it."""
    tokens = Dialect.get_or_raise("databricks").tokenize(text)
    starts = []
    for index, token in enumerate(tokens):
        if not _names_schema(token) or _follows_dot(tokens, index):
            continue
        if _type_at(tokens, index + 1) is not TokenType.DOT:
            raise SqlTextError(
                f"'{token.text}' in line {token.line} is a layer's name used for something else;"
                " call the alias or column otherwise, so that table names stay recognizable"
            )
        starts.append(token.start)
    for start in reversed(starts):
        text = f"{text[:start]}{catalog}.{text[start:]}"
    return text


@cache  # several alerts and tiles ask about the same statement
def result_columns(sql: str) -> tuple[str, ...]:
    """Return the column names that a statement yields.

    A `*` over a table is an error: its columns are not in the text. Over a common table expression it is fine.
    """
    try:
        statement = parse_one(sql, dialect="databricks")
        if not isinstance(statement, exp.Query):
            raise SqlTextError(f"is not a query but {type(statement).__name__}")
        if not all(column.output_name for column in statement.selects):
            raise SqlTextError("has a column without a name")
        resolved = resolve_names(statement, dialect="databricks", validate_qualify_columns=False)
    except SqlglotError as error:
        raise SqlTextError(f"does not parse: {error}") from error
    columns = tuple(resolved.named_selects)
    if not columns or "*" in columns:
        raise SqlTextError(f"must name every column it returns, found {', '.join(columns) or 'none'}")
    return columns


def _names_schema(token: Token) -> bool:
    return token.token_type in _NAMES and token.text.lower() in SCHEMAS


def _follows_dot(tokens: list[Token], index: int) -> bool:
    return _type_at(tokens, index - 1) is TokenType.DOT


def _type_at(tokens: list[Token], index: int) -> TokenType | None:
    return tokens[index].token_type if 0 <= index < len(tokens) else None
