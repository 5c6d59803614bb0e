"""Mustache as alert messages use it: variables, unescaped variables, sections, inverted sections."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

_TAG = re.compile(r"\{\{\{\s*([\w.]+)\s*\}\}\}|\{\{([#^/&]?)\s*([\w.]+)\s*\}\}")
Context = Sequence[Mapping[str, Any]]


class Raw(str):
    """Text that is markup already."""

    __slots__ = ()


def render(template: str, values: Mapping[str, Any], html: bool) -> str:
    """Fill a template, unknown names with nothing; in HTML what is not `Raw` is escaped unless asked for."""
    tokens = _tokens(template)
    plain: Callable[[str], str] = escape if html else str
    return "".join(_filled(tokens, [values], plain))


def _tokens(template: str) -> list[str | tuple[str, str]]:
    tokens: list[str | tuple[str, str]] = []
    end = 0
    for match in _TAG.finditer(template):
        tokens.append(template[end : match.start()])
        tokens.append(("&", match[1]) if match[1] else (match[2], match[3]))
        end = match.end()
    return [*tokens, template[end:]]


def _filled(tokens: Sequence[str | tuple[str, str]], context: Context, plain: Callable[[str], str]) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if isinstance(token, str):
            parts.append(token)
            continue
        sign, name = token
        value = _look_up(name, context)
        if sign in ("#", "^"):
            end = _end(tokens, at, name)
            for inner in _repeated(value) if sign == "#" else ([] if value else [{}]):
                parts += _filled(tokens[at:end], [inner, *context], plain)
            at = end + 1
        elif sign != "/":
            text = "" if value is None else str(value)
            parts.append(text if sign == "&" or isinstance(value, Raw) else plain(text))
    return parts


def _repeated(value: Any) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else [value] if value else []
    return [item if isinstance(item, Mapping) else {".": item} for item in items]


def _end(tokens: Sequence[str | tuple[str, str]], start: int, name: str) -> int:
    """Return where a section ends; one that is never closed goes to the end of the template."""
    depth = 1
    for at in range(start, len(tokens)):
        token = tokens[at]
        if isinstance(token, str) or token[1] != name:
            continue
        depth += {"#": 1, "^": 1, "/": -1}.get(token[0], 0)
        if depth == 0:
            return at
    return len(tokens)


def _look_up(name: str, context: Context) -> Any:
    for mapping in context:
        if name in mapping:
            return mapping[name]
    return None
